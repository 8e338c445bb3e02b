//! 9: the error codes that have a cause here.

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
