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
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
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
