//! host: the program under test, as a process of its own.

mod orphans;
pub mod process;
