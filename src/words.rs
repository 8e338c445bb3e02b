//! words: which word was meant, where one is not known.

/// "did you mean `a`? The keys here are `a`, `b`": empty without candidates.
///
/// `kind` names the candidates in the plural ("keys", "words", "commands").
pub fn suggest(word: &str, candidates: &[&str], kind: &str) -> String {
    if candidates.is_empty() {
        return String::new();
    }
    let list = candidates.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
    let list = match candidates {
        [_] => format!("only {list} is known here"),
        _ => format!("the {kind} here are {list}"),
    };
    match nearest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {list}"),
        None => list,
    }
}

/// The candidate that `word` was most likely meant to be: case aside, at most a third of it mistyped.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    // Insertions, deletions, replacements, and swaps of neighbours.
    let distance = |other: &str| strsim::osa_distance(&word.to_lowercase(), &other.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_near() {
        let words = ["profile", "ports", "seed"];
        assert_eq!(nearest("port", words), Some("ports"));
        assert_eq!(nearest("PROFIEL", words), Some("profile"));
        assert_eq!(nearest("host", words), None);
        assert_eq!(nearest("", words), None);
    }
}
