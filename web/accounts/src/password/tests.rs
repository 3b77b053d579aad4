//! Tests of the password.
