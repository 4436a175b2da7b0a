//! The responses to calls, where streams do not get through.

use super::link::ASK_WAIT_SECONDS;
use super::{Follow, FollowEffect};
use crate::error::ApiError;
use crate::id::Millis;

impl Follow {
    /// Takes in the response to an [`FollowEffect::Ask`]: its body, or why there is none.
    pub fn answered(&mut self, now: Millis, generation: u64, answer: Result<&str, ApiError>) -> Vec<FollowEffect> {
        if !self.link.is_current(generation) {
            return Vec::new();
        }
        let messages = match messages_in(answer) {
            Ok(messages) => messages,
            Err(refusal) => {
                let effects = self.error(now, generation, false);
                self.refused(refusal);
                return effects;
            }
        };
        let (before, more, mut effects) = (self.cursor.clone(), has_more(&messages), Vec::new());
        for (text, id) in messages {
            effects.extend(self.message(now, generation, text, &id));
        }
        if !self.link.is_current(generation) {
            return effects;
        }
        if self.nothing_wanted() {
            effects.extend(self.tick(now));
        } else if self.link.answered(now, more || self.cursor != before, more) {
            effects.push(FollowEffect::Ask { generation, query: self.asking(ASK_WAIT_SECONDS) });
        }
        effects
    }

    /// Takes in why a call was not answered; `None` if its answer made no sense.
    pub(super) fn refused(&mut self, why: Option<ApiError>) {
        if let Some(error) = why {
            self.probed(Err(error));
        }
    }

    /// Takes in the response to an [`FollowEffect::Probe`].
    pub fn probed(&mut self, answer: Result<(), ApiError>) {
        if let Err(error) = answer
            && matches!(error.status(), 400 | 401 | 403)
        {
            self.link.refuse(error.to_string());
        }
    }
}

/// Whether the server had more than it put into the response: then the ping at its end has no event id.
pub(super) fn has_more(messages: &[(&str, String)]) -> bool {
    messages.last().is_some_and(|(_, id)| id.is_empty())
}

/// The messages in the response to a call, each with its event id. The error is why there is no response; `None` if the response is
/// damaged.
pub(super) fn messages_in(answer: Result<&str, ApiError>) -> Result<Vec<(&str, String)>, Option<ApiError>> {
    crate::message::messages(answer.map_err(Some)?).map_err(|_| None)
}
