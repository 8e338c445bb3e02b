//! host: the program under test, as a process of its own.

mod lines;
pub mod orphans;
pub mod output;
pub mod process;
