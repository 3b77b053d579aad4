//! Tests of the secret.
