//! Tables of steps: `(from, event, to)`. What is not in the table is refused.

use crate::refusal::Refusal;

/// One row of a table.
pub type Step<S, E> = (S, E, S);

/// The state after `event`, if the table has the step.
pub fn next<S: Copy + PartialEq, E: PartialEq>(
    table: &[Step<S, E>],
    from: S,
    event: &E,
) -> Option<S> {
    table
        .iter()
        .find(|(state, on, _)| *state == from && on == event)
        .map(|(_, _, to)| *to)
}

/// The state after `event`, or the refusal that names the states that can be reached.
///
/// # Errors
/// [`Refusal::InvalidTransition`] if the table does not have the step.
pub fn take<S: Copy + PartialEq, E: PartialEq + std::fmt::Debug>(
    table: &[Step<S, E>],
    from: S,
    event: &E,
    name: impl Fn(S) -> &'static str,
) -> Result<S, Refusal> {
    next(table, from, event).ok_or_else(|| Refusal::InvalidTransition {
        from: name(from),
        event: snake(&format!("{event:?}")),
        allowed: reachable(table, from).into_iter().map(name).collect(),
    })
}

/// The states that one step leads to, each once, in the order of the table.
pub fn reachable<S: Copy + PartialEq, E>(table: &[Step<S, E>], from: S) -> Vec<S> {
    let mut reached = Vec::new();
    for (state, _, to) in table {
        if *state == from && *to != from && !reached.contains(to) {
            reached.push(*to);
        }
    }
    reached
}

/// Whether no step leaves the state.
pub fn is_final<S: Copy + PartialEq, E>(table: &[Step<S, E>], state: S) -> bool {
    !table.iter().any(|(from, _, _)| *from == state)
}

/// `BuyerCancelled` as `buyer_cancelled`.
fn snake(camel: &str) -> String {
    let mut text = String::with_capacity(camel.len() + 4);
    for (index, letter) in camel.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Step<u8, char>] = &[(1, 'a', 2), (1, 'b', 3), (1, 'c', 2), (2, 'a', 2)];

    #[test]
    fn a_refusal_names_what_can_be_reached() {
        let refused = take(
            TABLE,
            1,
            &'x',
            |state| if state == 2 { "two" } else { "other" },
        );
        let allowed = vec!["two", "other"];
        let (from, event) = ("other", "'x'".to_owned());
        assert_eq!(
            refused,
            Err(Refusal::InvalidTransition {
                from,
                event,
                allowed
            })
        );
        assert!(reachable(TABLE, 2).is_empty(), "staying is no other state");
    }

    #[test]
    fn events_are_named_in_snake_case() {
        assert_eq!(snake("BuyerCancelled"), "buyer_cancelled");
    }
}
