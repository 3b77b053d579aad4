//! What a product may be: its states, its options and the choices that its variants stand for.
//!
//! A product has options (size, colour), each with values; a variant chooses one value of every
//! option. A product without options has exactly one variant, with an empty choice. A choice is
//! written as the numbers of its values, `"1.0"`, which is also what keeps two variants apart.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::limits::{OPTION_VALUES_MAX, OPTIONS_MAX, VARIANTS_MAX};

/// Whether a product is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Being prepared: only its seller sees it.
    Draft,
    /// Listed and sold.
    Active,
    /// No longer sold; orders still show it.
    Archived,
    /// Taken down by those who run the site; only they put it back.
    Blocked,
}

impl ProductStatus {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Active, Self::Archived, Self::Blocked];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Blocked => "blocked",
        }
    }

    /// The state of a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == text)
    }
}

/// Whether a variant is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VariantStatus {
    /// It is, while its product is.
    Active,
    /// No longer.
    Archived,
}

impl VariantStatus {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }

    /// The state of a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Archived]
            .into_iter()
            .find(|status| status.name() == text)
    }
}

/// The values that a variant stands for: their numbers, one per option, in the options' order.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Choice(pub Vec<u32>);

impl Choice {
    /// The stored text, `""` for a product without options.
    pub fn text(&self) -> String {
        let numbers: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        numbers.join(".")
    }

    /// The choice of a stored text.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let numbers: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
        numbers.ok().map(Self)
    }
}

/// Why a set of variants cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// More options, values or variants than a product may have.
    #[error(
        "a product has at most {OPTIONS_MAX} options of {OPTION_VALUES_MAX} values and {VARIANTS_MAX} variants"
    )]
    TooMany,
    /// An option without values.
    #[error("an option needs a value")]
    NoValues,
    /// No variant at all.
    #[error("a product needs a variant")]
    NoVariants,
    /// A variant that does not choose one value of every option.
    #[error("a variant chooses one value of every option")]
    Incomplete,
    /// Two variants that stand for the same.
    #[error("two variants stand for the same choice")]
    Twice,
}

/// Looks whether variants fit options, of which only the numbers of values matter.
///
/// # Errors
/// A [`ChoiceError`] with the number of the variant that is at fault, if one is.
pub fn check(values: &[usize], choices: &[Choice]) -> Result<(), (ChoiceError, Option<usize>)> {
    if values.len() > OPTIONS_MAX
        || choices.len() > VARIANTS_MAX
        || values.iter().any(|count| *count > OPTION_VALUES_MAX)
    {
        return Err((ChoiceError::TooMany, None));
    }
    if values.contains(&0) {
        return Err((ChoiceError::NoValues, None));
    }
    if choices.is_empty() {
        return Err((ChoiceError::NoVariants, None));
    }
    let mut seen = BTreeSet::new();
    for (index, choice) in choices.iter().enumerate() {
        let fits = choice.0.len() == values.len()
            && choice
                .0
                .iter()
                .zip(values)
                .all(|(n, count)| (*n as usize) < *count);
        if !fits {
            return Err((ChoiceError::Incomplete, Some(index)));
        }
        if !seen.insert(choice) {
            return Err((ChoiceError::Twice, Some(index)));
        }
    }
    Ok(())
}

/// Reviews of a product, as they are counted: never an average that is rounded and added to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rating {
    /// Sum of the stars.
    pub sum: u64,
    /// How many reviews.
    pub count: u32,
}

impl Rating {
    /// Stars on average, in hundredths; 0 while there are none.
    pub const fn hundredths(self) -> u32 {
        match self.count {
            0 => 0,
            #[allow(clippy::cast_possible_truncation)]
            count => (self.sum * 100 / count as u64) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn choices(of: &[&[u32]]) -> Vec<Choice> {
        of.iter().map(|numbers| Choice(numbers.to_vec())).collect()
    }

    #[test]
    fn variants_fit_their_options_or_are_refused() {
        assert_eq!(check(&[], &choices(&[&[]])), Ok(()));
        assert_eq!(check(&[2, 1], &choices(&[&[0, 0], &[1, 0]])), Ok(()));
        type Case<'a> = (&'a [usize], &'a [&'a [u32]], ChoiceError, Option<usize>);
        let table: [Case; 7] = [
            (&[], &[], ChoiceError::NoVariants, None),
            (&[], &[&[], &[]], ChoiceError::Twice, Some(1)),
            (&[2], &[&[0], &[2]], ChoiceError::Incomplete, Some(1)),
            (&[2], &[&[0, 0]], ChoiceError::Incomplete, Some(0)),
            (&[2], &[&[]], ChoiceError::Incomplete, Some(0)),
            (&[0], &[&[0]], ChoiceError::NoValues, None),
            (&[1, 1, 1, 1], &[&[0, 0, 0, 0]], ChoiceError::TooMany, None),
        ];
        for (values, of, error, at) in table {
            assert_eq!(
                check(values, &choices(of)),
                Err((error, at)),
                "{values:?} {of:?}"
            );
        }
    }

    #[test]
    fn choices_come_back_from_their_text() {
        for choice in choices(&[&[], &[0], &[3, 0, 12]]) {
            assert_eq!(Choice::parse(&choice.text()), Some(choice));
        }
        assert_eq!(Choice::parse("1..2"), None);
        assert_eq!(Choice::parse("a"), None);
    }

    #[test]
    fn an_average_is_of_what_is_there() {
        assert_eq!(Rating::default().hundredths(), 0);
        assert_eq!(Rating { sum: 13, count: 3 }.hundredths(), 433);
    }
}
