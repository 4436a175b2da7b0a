//! The links that log a browser in: the token in the link becomes a cookie, and the browser goes to the page that the
//! link is about.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::super::App;
use super::super::error::ErrorResponse;
use super::tokens::cookie_value;
use super::{Access, COOKIE, Rights};
use crate::base::Base;
use crate::ui::Page;
use headway_model::ApiError;

pub(in crate::web) fn router() -> Router<App> {
    Router::new().route("/login", get(login))
}

#[derive(serde::Deserialize)]
struct Login {
    token: String,
    /// The page to go to, below the base path; the library if omitted.
    #[serde(default)]
    to: String,
}

/// Exchanges the token of a link for a cookie.
async fn login(
    State(access): State<Access>,
    State(base): State<Base>,
    headers: HeaderMap,
    login: Result<Query<Login>, QueryRejection>,
) -> Response {
    let (token, to) = login.map_or_else(|_| Default::default(), |Query(Login { token, to })| (token, to));
    let there = || Redirect::to(&base.to(&page(&to))).into_response();
    let tokens = access.inner.tokens.borrow().clone();
    if tokens.all.is_none() {
        return there();
    }
    let Some(rights) = tokens.of_token(&token) else {
        let message =
            "this is not the link that Headway printed when it started, or its token has changed since".into();
        return ErrorResponse(ApiError::NoLogin { message }).into_response();
    };
    // A read-only link leaves a browser that has full access as it is.
    if rights == Rights::Reading && tokens.rights(&headers) == Some(Rights::All) {
        return there();
    }
    let secure = if access.is_secure(&headers) { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={}; Path={}; HttpOnly; SameSite=Lax{secure}", cookie_value(&token), base.cookie_path());
    ([(header::SET_COOKIE, cookie)], there()).into_response()
}

/// The page that a link names, or else the library: a link to Headway leads nowhere else.
fn page(to: &str) -> String {
    let parsed = to.parse::<PathAndQuery>().ok().filter(|_| to.starts_with('/'));
    let page = parsed.filter(|place| Page::at(place.path()) != Page::Nowhere);
    page.map_or_else(|| "/".into(), |place| place.as_str().to_owned())
}

/// The address, below the base path, that opens a page with this token.
fn address(token: &str, page: &str) -> String {
    match page {
        "/" => format!("/login?token={token}"),
        page => format!("/login?token={token}&to={}", crate::ui::query_value(page)),
    }
}

impl Access {
    /// The address, below the base path, of a read-only link. `None` if there is no token for that.
    pub fn reading_link(&self, to: &str) -> Option<String> {
        self.inner.tokens.borrow().reading.as_ref().map(|token| address(token, &page(to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_page_of_headway_and_nowhere_else() {
        for right in ["/", "/jobs", "/jobs/x?at=3&status=failed", "/?folder=a%20b"] {
            assert_eq!(page(right), right);
        }
        for wrong in
            ["", "//evil.example", "/\\evil.example", "https://evil.example/", "/login", "/api/jobs", "/jobs/a\nb"]
        {
            assert_eq!(page(wrong), "/", "{wrong:?}");
        }
    }

    #[test]
    fn the_place_in_a_link_is_one_value_of_its_query() {
        assert_eq!(address("t", "/"), "/login?token=t");
        assert_eq!(address("t", "/jobs/x?at=3&a=%20"), "/login?token=t&to=/jobs/x%3Fat%3D3%26a%3D%2520");
    }
}
