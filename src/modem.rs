//! modem: one module: ports, sockets, bearer, SIM, base commands.

pub mod net;
