//! 9: the error codes that have a cause here, and what sort all of them are.

use crate::modem::outcome::{Reason, Sorted};

/// Chapter 9, and what versions after V2.01 added.
pub const REASONS: &[Sorted] = &[
    (800, 801, Reason::Argument),
    (802, 802, Reason::Memory),
    (803, 805, Reason::State),
    (806, 806, Reason::Argument),
    (810, 810, Reason::Sim),
    (811, 811, Reason::Pin),
    (807, 817, Reason::Bearer),
    (818, 818, Reason::Refused),
    (819, 819, Reason::Unknown),
    (820, 821, Reason::Storage),
    (830, 830, Reason::Argument),
    (831, 831, Reason::State),
    (832, 832, Reason::Argument),
    (833, 833, Reason::State),
    (834, 835, Reason::Absent),
    (836, 836, Reason::Memory),
    (837, 837, Reason::Argument),
    (838, 838, Reason::Memory),
    (839, 839, Reason::Transfer),
    (840, 840, Reason::State),
    (841, 841, Reason::Closed),
    (842, 842, Reason::Silence),
    (843, 843, Reason::Closed),
    (844, 844, Reason::State),
    (848, 848, Reason::Bearer),
    (850, 850, Reason::Unknown),
    (851, 851, Reason::State),
];

pub const NOT_ALLOWED: u16 = 3;
pub const OPTION: u16 = 800;
pub const VALUE: u16 = 801;
pub const STATE: u16 = 803;
pub const NO_INTERFACE: u16 = 805;
pub const WRONG_BEARER: u16 = 806;
pub const NO_CARRIER: u16 = 809;
pub const NO_SIM: u16 = 810;
pub const SIM_NOT_READY: u16 = 811;
pub const GPRS_FAILED: u16 = 812;
pub const PEER_TERMINATED: u16 = 816;
pub const CALL_REFUSED: u16 = 818;
pub const PING: u16 = 819;
pub const FLASH_WRITE: u16 = 820;
pub const FLASH_FREE: u16 = 821;
pub const BAD_INDEX: u16 = 830;
pub const BAD_STATE: u16 = 831;
pub const BAD_PORT: u16 = 832;
pub const PORT_STATE: u16 = 833;
pub const NOT_IMPLEMENTED: u16 = 834;
pub const NOT_SUPPORTED: u16 = 835;
pub const MEMORY: u16 = 836;
pub const BAD_PROTOCOL: u16 = 837;
pub const NO_SOCKET: u16 = 838;
pub const CHANNEL: u16 = 839;
pub const FTP_ACTIVE: u16 = 840;
pub const UNREACHABLE: u16 = 842;
pub const DATA_STATE: u16 = 851;
