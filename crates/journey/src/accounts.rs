//! People with more than one account, and people who lost the address of theirs.
//!
//! What a person knows about somebody never opens that somebody's account. Another account that
//! seems to be theirs is [offered](offer) with its address redacted, and only a code that was sent
//! to that address [joins](joining) the two, and the account's [second factor](account_factor) if
//! it has one. A lost address is replaced by that factor or by staff, after a
//! [notice](address_change) to it, and whoever reads mail there can [stop](freeze) the change.

pub mod account_factor;
pub mod address_change;
pub mod freeze;
pub mod joining;
pub mod keep_address;
pub mod lost_address;
pub mod offer;
pub(crate) mod other_account;
mod redaction;
pub mod referred;
mod sign_out;

use actix_web::web::{self, ServiceConfig};

use self::account_factor::FactorUse;
use crate::code_use::CodeUse;
use crate::email_code;
use crate::plan::Page;
use crate::routes::{answered, page, shown};

pub(crate) use redaction::redacted;
pub(crate) use sign_out::sign_out_everywhere;

/// Puts these pages on their paths.
pub(crate) fn routes(app: &mut ServiceConfig) {
    for offered in [Page::TrnInUse, Page::ExistingAccount] {
        app.service(page(
            offered,
            shown(move |journey, visitor| offer::show(offered, journey, visitor)),
            answered(move |journey, visitor, form| offer::submit(offered, journey, visitor, form)),
        ));
    }
    for code_use in [CodeUse::OtherAccount, CodeUse::NewAddress] {
        app.service(page(
            code_use.page(),
            shown(move |journey, visitor| email_code::show(code_use, journey, visitor)),
            answered(move |journey, visitor, form| {
                email_code::submit(code_use, journey, visitor, form)
            }),
        ));
    }
    for factor_use in [FactorUse::LostAddress, FactorUse::OtherAccount] {
        app.service(page(
            factor_use.page(),
            shown(move |journey, visitor| account_factor::show(factor_use, journey, visitor)),
            answered(move |journey, visitor, form| {
                account_factor::submit(factor_use, journey, visitor, form)
            }),
        ));
    }
    app.service(page(
        Page::KeepAddress,
        shown(keep_address::show),
        answered(keep_address::submit),
    ))
    .service(page(
        Page::LostAddress,
        shown(lost_address::show),
        answered(lost_address::submit),
    ))
    .service(page(
        Page::LostAddressDone,
        shown(lost_address::show_done),
        answered(lost_address::submit_done),
    ))
    .service(
        web::resource("/address-change/freeze/{token}")
            .get(freeze::open)
            .post(freeze::press),
    );
}
