//! The tables as diesel sees them; `testing::schema_of` compares both databases with each other.
#![allow(missing_docs, reason = "the columns are told in the migrations")]

diesel::table! {
    clients (id) {
        id -> Text,
        settings -> Text,
        credential -> Text,
        source -> Text,
        source_digest -> Nullable<Binary>,
        disabled_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        email -> Text,
        email_lookup -> Text,
        email_verified_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        last_signed_in_at -> BigInt,
        has_second_factor -> BigInt,
    }
}

diesel::table! {
    browser_sessions (secret_digest) {
        secret_digest -> Binary,
        sid -> Text,
        user_id -> Text,
        auth_time -> BigInt,
        amr -> Text,
        acr -> Text,
        selected_at -> BigInt,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        ends_at -> BigInt,
        second_factor_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    interactions (id) {
        id -> Text,
        browser_digest -> Binary,
        client_id -> Text,
        service_name -> Text,
        raw_parameters -> Text,
        requirements -> Text,
        return_to -> Text,
        form_action -> Text,
        login_hint -> Nullable<Text>,
        answers -> Text,
        outcome -> Nullable<Text>,
        wrong_codes -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        taken_at -> Nullable<BigInt>,
        sealed_details -> Nullable<Binary>,
        sealed_factor -> Nullable<Binary>,
    }
}

diesel::table! {
    email_codes (id) {
        id -> Text,
        interaction_id -> Text,
        code_digest -> Binary,
        link_digest -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    limits (kind, subject) {
        kind -> Text,
        subject -> Binary,
        count -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    authorization_codes (digest) {
        digest -> Binary,
        grant_id -> Text,
        client_id -> Text,
        user_id -> Text,
        sid -> Text,
        auth_time -> BigInt,
        amr -> Text,
        acr -> Text,
        scope -> Text,
        redirect_uri -> Text,
        code_challenge -> Nullable<Text>,
        nonce -> Nullable<Text>,
        claims -> Nullable<Text>,
        expires_at -> BigInt,
        redeemed_at -> Nullable<BigInt>,
        second_factor_at -> Nullable<BigInt>,
        dpop_jkt -> Nullable<Text>,
    }
}

diesel::table! {
    grants (id) {
        id -> Text,
        client_id -> Text,
        user_id -> Text,
        sid -> Text,
        auth_time -> BigInt,
        amr -> Text,
        acr -> Text,
        scope -> Text,
        claims -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        second_factor_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    access_tokens (digest) {
        digest -> Binary,
        grant_id -> Nullable<Text>,
        client_id -> Text,
        scope -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        jkt -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (digest) {
        digest -> Binary,
        grant_id -> Text,
        client_id -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        ends_at -> BigInt,
        spent_at -> Nullable<BigInt>,
        jkt -> Nullable<Text>,
    }
}

diesel::table! {
    revoked_jwts (jti) {
        jti -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    consents (user_id, client_id) {
        user_id -> Text,
        client_id -> Text,
        scope -> Text,
        granted_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    client_assertions (client_id, jti_digest) {
        client_id -> Text,
        jti_digest -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    dpop_proofs (jkt, jti_digest) {
        jkt -> Text,
        jti_digest -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        algorithm -> Text,
        public_jwk -> Text,
        state -> Text,
        sealed_private_key -> Binary,
        created_at -> BigInt,
        activates_at -> BigInt,
        retires_at -> BigInt,
        removes_at -> BigInt,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        kind -> Text,
        sealed -> Binary,
        created_at -> BigInt,
        due_at -> BigInt,
        attempts -> BigInt,
        done_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        at -> BigInt,
        kind -> Text,
        client_id -> Nullable<Text>,
        user_id -> Nullable<Text>,
        about -> Nullable<Text>,
    }
}

diesel::table! {
    jobs (name) {
        name -> Text,
        holder -> Text,
        leased_until -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    user_details (user_id) {
        user_id -> Text,
        sealed -> Binary,
        has_profile -> BigInt,
        national_insurance_asked -> BigInt,
        person_digest -> Nullable<Binary>,
        updated_at -> BigInt,
    }
}

diesel::table! {
    trn_links (user_id) {
        user_id -> Text,
        status -> Text,
        sealed_trn -> Nullable<Binary>,
        level -> Nullable<Text>,
        policy -> Text,
        policy_version -> BigInt,
        agreed -> Text,
        source -> Text,
        lookup -> Text,
        decided_at -> BigInt,
        looked_up_at -> Nullable<BigInt>,
        next_lookup_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    trn_digests (digest) {
        digest -> Binary,
        user_id -> Text,
    }
}

diesel::table! {
    trn_watchers (user_id, client_id) {
        user_id -> Text,
        client_id -> Text,
        watched_at -> BigInt,
    }
}

diesel::table! {
    merged_users (user_id) {
        user_id -> Text,
        into_user_id -> Text,
        merged_at -> BigInt,
    }
}

diesel::table! {
    address_changes (id) {
        id -> Text,
        user_id -> Text,
        sealed -> Binary,
        freeze_digest -> Binary,
        created_at -> BigInt,
        takes_effect_at -> BigInt,
        applied_at -> Nullable<BigInt>,
        frozen_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    support_tasks (id) {
        id -> Text,
        reference -> Text,
        kind -> Text,
        user_id -> Nullable<Text>,
        client_id -> Nullable<Text>,
        sealed -> Binary,
        opened_at -> BigInt,
        closed_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    totp_factors (user_id) {
        user_id -> Text,
        sealed_seed -> Binary,
        last_step -> BigInt,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    passkeys (id) {
        id -> Text,
        user_id -> Text,
        credential_id -> Binary,
        name -> Text,
        credential -> Text,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    recovery_code_sets (user_id) {
        user_id -> Text,
        salt -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    recovery_codes (user_id, hash) {
        user_id -> Text,
        hash -> Binary,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    refusals (client_id, endpoint, error, description) {
        client_id -> Text,
        endpoint -> Text,
        error -> Text,
        description -> Text,
        times -> BigInt,
        first_at -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    pushed_requests (digest) {
        digest -> Binary,
        client_id -> Text,
        parameters -> Nullable<Text>,
        interaction_id -> Nullable<Text>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    training_providers (ukprn) {
        ukprn -> Text,
        name -> Text,
        folded_name -> Text,
    }
}

diesel::table! {
    teacher_record_imports (id) {
        id -> BigInt,
        completed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    teacher_records (import_id, number) {
        import_id -> BigInt,
        number -> BigInt,
        sealed -> Binary,
    }
}

diesel::table! {
    teacher_record_keys (import_id, digest, number) {
        import_id -> BigInt,
        digest -> Binary,
        number -> BigInt,
    }
}

diesel::table! {
    registrations (client_id) {
        client_id -> Text,
        token_digest -> Binary,
        changed_at -> BigInt,
    }
}

diesel::table! {
    initial_access_tokens (id) {
        id -> Text,
        name -> Text,
        digest -> Binary,
        uses_left -> Nullable<BigInt>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    pairwise_salts (id) {
        id -> Text,
        sealed -> Binary,
        created_at -> BigInt,
    }
}

diesel::joinable!(access_tokens -> grants (grant_id));
diesel::joinable!(browser_sessions -> users (user_id));
diesel::joinable!(grants -> users (user_id));
diesel::joinable!(merged_users -> users (into_user_id));
diesel::joinable!(trn_links -> users (user_id));
diesel::joinable!(user_details -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(clients, grants);
diesel::allow_tables_to_appear_in_same_query!(
    access_tokens,
    authorization_codes,
    browser_sessions,
    grants,
    merged_users,
    passkeys,
    recovery_code_sets,
    recovery_codes,
    refresh_tokens,
    totp_factors,
    trn_links,
    user_details,
    users,
);
diesel::allow_tables_to_appear_in_same_query!(
    teacher_record_imports,
    teacher_record_keys,
    teacher_records,
);
diesel::allow_tables_to_appear_in_same_query!(clients, pushed_requests);
diesel::allow_tables_to_appear_in_same_query!(clients, registrations);
