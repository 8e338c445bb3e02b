//! The reading of `what = { ... }`: which fault it names, with which parameters.

use super::kind::{FaultKind, Need};
use super::param::Scope;
use super::{Action, FAULTS, kind_named};
use crate::fault::text::problem::Problem;
use crate::words::suggest;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::{Spanned, Table, Value};

/// A `what = { ... }` as written: keys and values with their places.
pub(in crate::fault) type Written = BTreeMap<Spanned<String>, Spanned<Value>>;

/// The fault that `what` names, and its action; what it leaves open comes from the trigger.
pub(in crate::fault) fn read(
    what: &Written,
    span: Range<usize>,
    trigger: &Scope,
) -> Result<(&'static FaultKind, Action), Problem> {
    let kind = named(what, span.clone())?;
    if let Some(key) = what.keys().find(|key| kind.params.iter().all(|p| p.name != key.get_ref())) {
        let names: Vec<&str> = kind.params.iter().map(|p| p.name).collect();
        let wrong = format!("the fault `{}` has no `{}`", kind.name, key.get_ref());
        return Err(Problem::new(key.span(), wrong, suggest(key.get_ref(), &names, "parameters")));
    }
    // Every part of a scope is a word or a number: TOML can write it.
    let mut complete = Table::try_from(trigger).unwrap_or_default();
    // What says itself that it is about commands is not about the result code that triggered it.
    const SUBJECTS: [&str; 3] = ["command", "urc", "result"];
    let own = what.keys().any(|key| SUBJECTS.contains(&key.get_ref().as_str()));
    complete.retain(|key, _| kind.params.iter().any(|p| p.name == key) && !(own && SUBJECTS.contains(&key)));
    complete.extend(what.iter().map(|(key, value)| (key.get_ref().clone(), value.get_ref().clone())));
    (kind.build)(complete).map(|action| (kind, action)).map_err(|misfit| {
        let key = misfit.key.unwrap_or_default();
        if let Some((_, value)) = what.iter().find(|(name, _)| *name.get_ref() == key)
            && let Some(param) = kind.params.iter().find(|p| p.name == key)
        {
            let right = format!("write {key} = {}", param.shape);
            return Problem::new(value.span(), format!("wrong value of `{key}`"), right);
        }
        let given = |name: &str| what.keys().any(|key| key.get_ref() == name);
        match kind.params.iter().find(|p| p.need == Need::Required && !given(p.name)) {
            Some(param) => {
                let right = format!("add {} = {}", param.name, param.shape);
                Problem::new(span, format!("`{}` is missing", param.name), right)
            }
            None => Problem::new(span, misfit.why, ""),
        }
    })
}

/// The fault whose parameters the keys are, else the first that one of them names.
fn named(what: &Written, span: Range<usize>) -> Result<&'static FaultKind, Problem> {
    let mut keys: Vec<_> = what.keys().collect();
    keys.sort_by_key(|k| k.span().start);
    let fits = |kind: &FaultKind| keys.iter().all(|k| kind.params.iter().any(|p| p.name == k.get_ref()));
    let named: Vec<_> = keys.iter().filter_map(|k| kind_named(k.get_ref())).collect();
    named.iter().find(|k| fits(k)).or(named.first()).copied().ok_or_else(|| {
        let (at, wrong) = match keys.first() {
            Some(key) => (key.span(), format!("`{}` is no fault", key.get_ref())),
            None => (span, "`what` names no fault".to_owned()),
        };
        let names: Vec<&str> = FAULTS.iter().map(|k| k.name).collect();
        let word = keys.first().map_or("", |key| key.get_ref());
        Problem::new(at, wrong, suggest(word, &names, "faults"))
    })
}
