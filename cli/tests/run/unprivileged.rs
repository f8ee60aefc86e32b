//! Without rights.
