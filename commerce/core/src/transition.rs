//! Tables of steps: `(from, event, to)`. What is not in the table is refused.

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

/// Whether no step leaves the state.
pub fn is_final<S: Copy + PartialEq, E>(table: &[Step<S, E>], state: S) -> bool {
    !table.iter().any(|(from, _, _)| *from == state)
}
