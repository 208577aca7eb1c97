//! The tests are in the binary `it`; a package needs a target that is no test.
