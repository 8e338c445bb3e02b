//! Who may log in.

use async_trait::async_trait;
use std::fmt;
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, Principal};

pub struct Logins {
    users: Vec<(String, String)>,
}

impl Logins {
    /// Accepts these names and passwords; every login where there is none.
    pub fn new(users: Vec<(String, String)>) -> Logins {
        Logins { users }
    }
}

/// libunftp prints its authenticator into logs.
impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins").finish_non_exhaustive()
    }
}

#[async_trait]
impl Authenticator for Logins {
    async fn authenticate(&self, name: &str, given: &Credentials) -> Result<Principal, AuthenticationError> {
        let given = given.password.as_deref().unwrap_or("");
        match self.users.iter().any(|(user, password)| user == name && password == given) {
            false if !self.users.is_empty() => Err(AuthenticationError::BadPassword),
            _ => Ok(Principal { username: name.to_owned() }),
        }
    }

    fn name(&self) -> &str {
        "badline"
    }
}
