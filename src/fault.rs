//! fault: rules -> verdicts, seeded.
