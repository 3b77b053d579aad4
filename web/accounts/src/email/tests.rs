//! Tests of the email.
