//! Tests of the token.
