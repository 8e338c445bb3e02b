//! campaign: many runs of one host: which there are, several at once, and what is told of them.
//!
//! A [`Plan`] numbers the runs, and a [`Shard`] is one machine's part of it. A [`Pool`] does them, so many at once. A [`Run`]
//! is what came of one, a [`Summary`] what came of all; [`merge`](merge::merge) puts together what several machines
//! found. The rest writes it down: for a person, as JUnit, as Markdown, as a page, and for the forges that run the jobs.

pub mod bundle;
pub mod forge;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod merge;
pub mod places;
pub mod plan;
pub mod pool;
pub mod quality;
pub mod run;
pub mod summary;
pub mod text;

pub use plan::{Plan, Point, Seeds, Shard};
pub use pool::Pool;
pub use run::{Expected, How, Run};
pub use summary::Summary;
