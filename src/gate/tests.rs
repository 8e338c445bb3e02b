//! The gate, first at a table with both ends played by hand, then in front of the built-in server.

mod builtin;
mod dialogue;
mod faults;
mod pump;
mod table;
mod transfers;
