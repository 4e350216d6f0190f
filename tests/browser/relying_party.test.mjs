// A relying party that others wrote, npm's openid-client, agrees with the provider. It is given
// the issuer and a client, and finds everything else by discovery.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import * as oidc from 'openid-client'

import { launch, newTab, press } from './browser.mjs'
import { CarefulPerson } from './careful_person.mjs'
import { assertNoComplaints } from './page_rules.mjs'
import { Person } from './person.mjs'
import { Provider } from './processes.mjs'
import { RelyingService } from './relying_service.mjs'

const SECRET = 'a secret: with+every&thing, 100% é'
const EVERY_SCOPE = 'openid email profile offline_access'

let browser, page, person, provider, service, signingKeys

before(async () => {
  signingKeys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const publicKey = await crypto.subtle.exportKey('jwk', signingKeys.publicKey)
  service = await RelyingService.start()
  const client = settings => service.client({ client_secret: SECRET, ...settings })
  provider = await Provider.start({
    settings: { keys: { refresh: '1s' }, outbound: { allowed_hosts: ['localhost'] } },
    clients: [
      client({
        client_id: 'apply',
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'email offline_access openid profile',
      }),
      client({ client_id: 'RS256', id_token_signed_response_alg: 'RS256' }),
      client({ client_id: 'PS256', id_token_signed_response_alg: 'PS256' }),
      client({ client_id: 'ES256', id_token_signed_response_alg: 'ES256' }),
      client({ client_id: 'EdDSA', id_token_signed_response_alg: 'EdDSA', userinfo_signed_response_alg: 'EdDSA' }),
      client({ client_id: 'post', token_endpoint_auth_method: 'client_secret_post' }),
      client({ client_id: 'shared-key', token_endpoint_auth_method: 'client_secret_jwt' }),
      client({ client_id: 'plain', require_pkce: false }),
      client({ client_id: 'another', grant_types: ['authorization_code', 'refresh_token'] }),
      client({
        client_id: 'bound',
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'email offline_access openid profile',
        dpop_bound_access_tokens: true,
      }),
      client({
        client_id: 'nightly-report',
        redirect_uris: [],
        post_logout_redirect_uris: [],
        grant_types: ['client_credentials'],
        scope: 'report:read',
      }),
      service.client({
        client_id: 'own-key',
        token_endpoint_auth_method: 'private_key_jwt',
        request_object_signing_alg: 'ES256',
        request_uris: [service.requestUri],
        jwks: { keys: [{ kty: publicKey.kty, crv: publicKey.crv, x: publicKey.x, y: publicKey.y, kid: 'one', alg: 'ES256' }] },
      }),
      client({ client_id: 'pushes', require_pushed_authorization_requests: true }),
      service.client({
        client_id: 'public',
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'email offline_access openid profile',
        token_endpoint_auth_method: 'none',
        redirect_uris: [service.redirectUri, 'http://127.0.0.1/callback'],
      }),
    ],
  })
  browser = await launch()
  page = await newTab(browser)
  person = new Person(page, provider, service)
  await person.signsInForTheFirstTime({ client_id: 'plain' })
})

after(async () => {
  await browser?.close()
  await provider?.stop()
  await service?.stop()
})

/** The relying party of a registered client, which checks every signature. */
async function party(clientId, authentication = oidc.ClientSecretBasic(SECRET), metadata = {}) {
  const config = await oidc.discovery(new URL(provider.issuer), clientId, metadata, authentication, {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  })
  config.timeout = 10
  return config
}

/** A request that has begun: where to send the browser, and what to expect of the answer. */
async function beginSignIn(config, parameters = {}) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedNonce = oidc.randomNonce()
  const expectedState = oidc.randomState()
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: service.redirectUri,
    scope: 'openid email',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    nonce: expectedNonce,
    state: expectedState,
    ...parameters,
  })
  const maxAge = parameters.max_age === undefined ? undefined : Number(parameters.max_age)
  return { url: url.href, checks: { pkceCodeVerifier, expectedNonce, expectedState, maxAge, idTokenExpected: true } }
}

/** The person, who is signed in, comes back with no page between. */
async function signInSilently(config, parameters) {
  const { url, checks } = await beginSignIn(config, parameters)
  await page.goto(url)
  return oidc.authorizationCodeGrant(config, broughtBack(), checks)
}

/** What came back as openid-client takes it: the URL, or the request where it was posted. */
function broughtBack() {
  const request = service.arrival()
  return request.method === 'POST' ? request : new URL(request.url)
}

async function refused(promise, error) {
  await assert.rejects(promise, thrown => {
    assert.equal(thrown.error ?? thrown.cause?.error, error, thrown.message)
    return true
  })
}

test('a service asks for two factors, and reads that they were given', async () => {
  const config = await party('apply')
  const tab = await newTab(browser)
  const careful = new CarefulPerson(tab, provider, service)
  const goes = async parameters => {
    const { url, checks } = await beginSignIn(config, parameters)
    await tab.goto(url)
    return checks
  }
  const arrives = async checks => (await oidc.authorizationCodeGrant(config, broughtBack(), checks)).claims()

  const byEmail = await goes({ login_hint: careful.address })
  await press(tab, 'Continue')
  await careful.typesTheCode()
  await press(tab, 'Continue')
  const one = await arrives(byEmail)
  assert.equal(one.acr, 'Cl')

  const essential = JSON.stringify({ id_token: { acr: { essential: true, value: 'Cl.Cm' } } })
  await refused(arrives(await goes({ claims: essential, prompt: 'none' })), 'interaction_required')
  const stepUp = await goes({ claims: essential })
  await careful.takesTheApp()
  await careful.givesItsCode()
  await careful.savesTheCodes()
  const two = await arrives(stepUp)

  assert.equal(two.acr, 'Cl.Cm')
  assert.deepEqual(two.amr, ['email', 'otp', 'mfa'])
  assert.equal(two.auth_time, one.auth_time, 'the email was not proven again')
  assert.equal(two.sid, one.sid)
  const silent = await arrives(await goes({ acr_values: 'Cl.Cm', prompt: 'none' }))
  assert.equal(silent.acr, 'Cl.Cm')
  await tab.context().close()
})

test('a first sign-in gives tokens that tell who came', async () => {
  const config = await party('apply')
  const tab = await newTab(browser)
  const newcomer = new Person(tab, provider, service)
  const { url, checks } = await beginSignIn(config, { scope: EVERY_SCOPE, login_hint: newcomer.address })

  await tab.goto(url)
  await press(tab, 'Continue')
  await newcomer.typesTheCode()
  await press(tab, 'Continue')
  const tokens = await oidc.authorizationCodeGrant(config, broughtBack(), checks)

  const claims = tokens.claims()
  assert.equal(claims.iss, provider.issuer)
  assert.equal(claims.aud, 'apply')
  assert.ok(Math.abs(Date.now() / 1000 - claims.auth_time) < 60)
  assert.equal(claims.acr, 'Cl')
  assert.deepEqual(claims.amr, ['email'])
  assert.equal(tokens.token_type, 'bearer')
  assert.equal(tokens.expires_in, 3600)
  assert.ok(tokens.refresh_token)
  assert.equal(broughtBack().searchParams.get('iss'), provider.issuer)

  const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
  assert.equal(userinfo.email, newcomer.address)
  assert.equal(userinfo.email_verified, true)
  assertNoComplaints(tab)
  await tab.context().close()
})

describe('ID tokens', () => {
  for (const algorithm of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
    test(`are signed with ${algorithm} for a client that registered it`, async () => {
      const config = await party(algorithm, undefined, { id_token_signed_response_alg: algorithm })

      const tokens = await signInSilently(config)

      const [header] = tokens.id_token.split('.')
      const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url'))
      assert.equal(alg, algorithm)
      assert.ok(kid)
    })
  }

  test('tell of the same session, authentication and person each time', async () => {
    const [first, second] = [await signInSilently(await party('RS256')), await signInSilently(await party('plain'))]

    for (const claim of ['sub', 'sid', 'auth_time']) {
      assert.ok(first.claims()[claim], claim)
      assert.equal(first.claims()[claim], second.claims()[claim], claim)
    }
  })

  test('are refused where another algorithm was agreed', async () => {
    const config = await party('RS256', undefined, { id_token_signed_response_alg: 'ES256' })

    await assert.rejects(signInSilently(config), { code: 'OAUTH_INVALID_RESPONSE' })
  })
})

describe('clients authenticate', () => {
  const methods = {
    'by Basic with a secret of every kind of character': () => party('apply'),
    'by a secret in the form': () => party('post', oidc.ClientSecretPost(SECRET)),
    'by an assertion under a shared secret': () => party('shared-key', oidc.ClientSecretJwt(SECRET)),
    'by an assertion under their own key': () =>
      party('own-key', oidc.PrivateKeyJwt({ key: signingKeys.privateKey, kid: 'one' })),
    'not at all where they can keep no secret': () => party('public', oidc.None()),
  }
  for (const [method, connect] of Object.entries(methods)) {
    test(method, async () => {
      const config = await connect()

      const tokens = await signInSilently(config)

      assert.equal(tokens.claims().aud, config.clientMetadata().client_id)
    })
  }

  test('and a wrong secret is refused', async () => {
    const config = await party('apply', oidc.ClientSecretBasic('wrong'))

    await assert.rejects(signInSilently(config), { status: 401 })
  })

  test('and a method that was not registered is refused', async () => {
    const config = await party('apply', oidc.ClientSecretPost(SECRET))

    await assert.rejects(signInSilently(config), { status: 401 })
  })
})

test('a scope that the client did not register is left out', async () => {
  const tokens = await signInSilently(await party('apply'), { scope: 'openid trn address email' })

  assert.equal(tokens.scope, 'email openid')
})

describe('userinfo', () => {
  test('comes signed to a client that registered it so', async () => {
    const metadata = { id_token_signed_response_alg: 'EdDSA', userinfo_signed_response_alg: 'EdDSA' }
    const config = await party('EdDSA', undefined, metadata)
    const tokens = await signInSilently(config)

    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)

    assert.equal(userinfo.email, person.address)
  })

  test('tells no more than the scope', async () => {
    const config = await party('apply')
    const tokens = await signInSilently(config, { scope: 'openid' })

    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)

    assert.deepEqual(userinfo, { sub: tokens.claims().sub })
  })

  test('challenges a token that is none', async () => {
    const config = await party('apply')

    await assert.rejects(oidc.fetchUserInfo(config, 'nonsense', 'nobody'), thrown => {
      assert.equal(thrown.cause[0].scheme, 'bearer')
      assert.equal(thrown.cause[0].parameters.error, 'invalid_token')
      return true
    })
  })
})

describe('a refresh token', () => {
  test('gives new tokens for the same person, again and again', async () => {
    const config = await party('apply')
    const first = await signInSilently(config, { scope: EVERY_SCOPE })

    const second = await oidc.refreshTokenGrant(config, first.refresh_token)
    const third = await oidc.refreshTokenGrant(config, second.refresh_token)

    assert.notEqual(second.refresh_token, first.refresh_token)
    assert.equal(third.claims().sub, first.claims().sub)
    assert.equal(third.claims().auth_time, first.claims().auth_time)
    const userinfo = await oidc.fetchUserInfo(config, third.access_token, first.claims().sub)
    assert.equal(userinfo.email, person.address)
  })

  test('that was spent, and whose successor was used, ends the whole family', async () => {
    const config = await party('apply')
    const first = await signInSilently(config, { scope: EVERY_SCOPE })
    const second = await oidc.refreshTokenGrant(config, first.refresh_token)
    const third = await oidc.refreshTokenGrant(config, second.refresh_token)

    await refused(oidc.refreshTokenGrant(config, first.refresh_token), 'invalid_grant')

    await refused(oidc.refreshTokenGrant(config, third.refresh_token), 'invalid_grant')
    const { active } = await oidc.tokenIntrospection(config, third.access_token)
    assert.equal(active, false)
  })

  test('is useless to another client', async () => {
    const config = await party('apply')
    const { refresh_token } = await signInSilently(config, { scope: EVERY_SCOPE })

    await refused(oidc.refreshTokenGrant(await party('another'), refresh_token), 'invalid_grant')

    await oidc.refreshTokenGrant(config, refresh_token)
  })
})

describe('tokens that are bound to a key', () => {
  async function withKey(config) {
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'))
    return { DPoP }
  }

  async function signsInSilently(config, proving, parameters = {}) {
    const dpop_jkt = await proving.DPoP.calculateThumbprint()
    const { url, checks } = await beginSignIn(config, { dpop_jkt, ...parameters })
    await page.goto(url)
    return { answer: broughtBack(), checks }
  }

  const clients = {
    'a service with a secret': () => party('apply'),
    'a service whose tokens all are': () => party('bound'),
    'an application without a secret': () => party('public', oidc.None()),
  }
  for (const [client, connect] of Object.entries(clients)) {
    test(`open userinfo and are refreshed for ${client}`, async () => {
      const config = await connect()
      const proving = await withKey(config)
      const { answer, checks } = await signsInSilently(config, proving, { scope: EVERY_SCOPE })

      const first = await oidc.authorizationCodeGrant(config, answer, checks, {}, proving)
      const second = await oidc.refreshTokenGrant(config, first.refresh_token, {}, proving)

      for (const tokens of [first, second]) {
        assert.equal(tokens.token_type, 'dpop')
        const { sub } = tokens.claims()
        const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, sub, proving)
        assert.equal(userinfo.email, person.address)
      }
    })
  }

  test('are useless to who has another key or none', async () => {
    const config = await party('public', oidc.None())
    const [proving, thief] = [await withKey(config), await withKey(config)]
    const { answer, checks } = await signsInSilently(config, proving, { scope: EVERY_SCOPE })
    const tokens = await oidc.authorizationCodeGrant(config, answer, checks, {}, proving)
    const { sub } = tokens.claims()

    for (const options of [thief, {}]) {
      await refused(oidc.refreshTokenGrant(config, tokens.refresh_token, {}, options), 'invalid_grant')
      await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, sub, options), thrown => {
        const challenges = thrown.cause.map(({ scheme, parameters }) => [scheme, parameters.error])
        const others = [options === thief ? 'bearer' : 'dpop', undefined]
        assert.deepEqual(challenges, [[options === thief ? 'dpop' : 'bearer', 'invalid_token'], others])
        return true
      })
    }

    await oidc.refreshTokenGrant(config, tokens.refresh_token, {}, proving)
  })

  test('are not given for the code of another key', async () => {
    const config = await party('apply')
    const { answer, checks } = await signsInSilently(config, await withKey(config))

    await refused(oidc.authorizationCodeGrant(config, answer, checks, {}, await withKey(config)), 'invalid_grant')
  })

  test('are told of by introspection', async () => {
    const config = await party('apply')
    const proving = await withKey(config)
    const { answer, checks } = await signsInSilently(config, proving)
    const tokens = await oidc.authorizationCodeGrant(config, answer, checks, {}, proving)

    const told = await oidc.tokenIntrospection(config, tokens.access_token)

    assert.equal(told.token_type, 'DPoP')
    assert.equal(told.cnf.jkt, await proving.DPoP.calculateThumbprint())
  })

  test('are all that a service gets that registered for it', async () => {
    const config = await party('bound')

    await refused(signInSilently(config), 'invalid_dpop_proof')
  })
})

describe('introspection and revocation', () => {
  test('a token is active until it is revoked', async () => {
    const config = await party('apply')
    const tokens = await signInSilently(config, { scope: EVERY_SCOPE })

    const before = await oidc.tokenIntrospection(config, tokens.access_token)
    assert.equal(before.active, true)
    assert.equal(before.client_id, 'apply')
    assert.equal(before.sub, tokens.claims().sub)
    await oidc.tokenRevocation(config, tokens.access_token)

    assert.deepEqual(await oidc.tokenIntrospection(config, tokens.access_token), { active: false })
    await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub))
  })

  test('revoking a refresh token ends what it gave', async () => {
    const config = await party('apply')
    const tokens = await signInSilently(config, { scope: EVERY_SCOPE })

    await oidc.tokenRevocation(config, tokens.refresh_token, { token_type_hint: 'refresh_token' })

    await refused(oidc.refreshTokenGrant(config, tokens.refresh_token), 'invalid_grant')
    assert.deepEqual(await oidc.tokenIntrospection(config, tokens.access_token), { active: false })
  })

  test('another client sees and revokes nothing', async () => {
    const config = await party('apply')
    const another = await party('another')
    const tokens = await signInSilently(config)

    assert.deepEqual(await oidc.tokenIntrospection(another, tokens.access_token), { active: false })
    await oidc.tokenRevocation(another, tokens.access_token).catch(() => {})

    assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, true)
  })
})

test('a program gets a token for itself, within its scope', async () => {
  const config = await party('nightly-report')

  const tokens = await oidc.clientCredentialsGrant(config, { scope: 'report:read' })

  assert.equal(tokens.scope, 'report:read')
  assert.equal(tokens.refresh_token, undefined)
  const { active, client_id, sub } = await oidc.tokenIntrospection(config, tokens.access_token)
  assert.deepEqual({ active, client_id, sub }, { active: true, client_id: 'nightly-report', sub: 'nightly-report' })
  await refused(oidc.clientCredentialsGrant(config, { scope: 'openid' }), 'invalid_scope')
  await refused(oidc.clientCredentialsGrant(await party('apply')), 'unauthorized_client')
})

test('a code works once, and using it again ends what it gave', async () => {
  const config = await party('apply')
  const { url, checks } = await beginSignIn(config)
  await page.goto(url)
  const tokens = await oidc.authorizationCodeGrant(config, broughtBack(), checks)

  await refused(oidc.authorizationCodeGrant(config, broughtBack(), checks), 'invalid_grant')

  assert.deepEqual(await oidc.tokenIntrospection(config, tokens.access_token), { active: false })
})

test('a code is useless with another verifier', async () => {
  const config = await party('apply')
  const { url, checks } = await beginSignIn(config)
  await page.goto(url)

  const stolen = { ...checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() }
  await refused(oidc.authorizationCodeGrant(config, broughtBack(), stolen), 'invalid_grant')
})

test('a native application listens on a port of the moment', async () => {
  const config = await party('public', oidc.None())
  const redirect_uri = service.redirectUri.replace('localhost', '127.0.0.1')
  const { url, checks } = await beginSignIn(config, { redirect_uri })
  await page.goto(url)

  const landed = new URL(page.url())
  const tokens = await oidc.authorizationCodeGrant(config, landed, checks)

  assert.equal(landed.hostname, '127.0.0.1')
  assert.equal(tokens.claims().aud, 'public')
})

describe('a signed request', () => {
  const connect = () => party('own-key', oidc.PrivateKeyJwt({ key: signingKeys.privateKey, kid: 'one' }))

  async function signedRequest(config, parameters = {}) {
    const { url, checks } = await beginSignIn(config, parameters)
    const key = { key: signingKeys.privateKey, kid: 'one' }
    const signed = await oidc.buildAuthorizationUrlWithJAR(config, new URL(url).searchParams, key)
    return { signed, checks }
  }

  test('is answered by value', async () => {
    const config = await connect()
    const claims = JSON.stringify({ id_token: { email: { essential: true } } })
    const { signed, checks } = await signedRequest(config, { max_age: '3600', claims })
    assert.deepEqual([...signed.searchParams.keys()].sort(), ['client_id', 'request'])

    await page.goto(signed.href)

    const tokens = await oidc.authorizationCodeGrant(config, broughtBack(), checks)
    assert.equal(tokens.claims().email, person.address)
  })

  test('is answered by reference, after a whole sign-in', async () => {
    const config = await connect()
    const tab = await newTab(browser)
    const newcomer = new Person(tab, provider, service)
    const { signed, checks } = await signedRequest(config)
    service.publish(signed.searchParams.get('request'))
    signed.searchParams.delete('request')
    signed.searchParams.set('request_uri', service.requestUri)

    await tab.goto(signed.href)
    await newcomer.givesAddress()
    await newcomer.typesTheCode()
    await press(tab, 'Continue')
    await tab.getByText('You are back at /callback').waitFor()

    const tokens = await oidc.authorizationCodeGrant(config, broughtBack(), checks)
    assert.ok(tokens.claims().sub)
    await tab.context().close()
  })

  test('that somebody else signed goes nowhere', async () => {
    const config = await connect()
    const { url } = await beginSignIn(config)
    const stranger = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    const key = { key: stranger.privateKey, kid: 'one' }
    const forged = await oidc.buildAuthorizationUrlWithJAR(config, new URL(url).searchParams, key)

    await page.goto(forged.href)

    assert.equal(page.status, 400)
    await page.getByRole('heading', { name: 'You cannot sign in from this link' }).waitFor()
  })
})

describe('a pushed request', () => {
  const signs = () => party('own-key', oidc.PrivateKeyJwt({ key: signingKeys.privateKey, kid: 'one' }))

  async function pushedRequest(config, parameters = {}) {
    const { url, checks } = await beginSignIn(config, parameters)
    const pushed = await oidc.buildAuthorizationUrlWithPAR(config, new URL(url).searchParams)
    assert.deepEqual([...pushed.searchParams.keys()].sort(), ['client_id', 'request_uri'])
    return { url: pushed.href, checks }
  }

  const clients = {
    'that proves itself by a secret': () => party('apply'),
    'that proves itself by its key': signs,
    'that can keep no secret': () => party('public', oidc.None()),
    'that must push': () => party('pushes'),
  }
  for (const [kind, connect] of Object.entries(clients)) {
    test(`is answered to a client ${kind}`, async () => {
      const config = await connect()
      const { url, checks } = await pushedRequest(config)

      await page.goto(url)

      const tokens = await oidc.authorizationCodeGrant(config, broughtBack(), checks)
      assert.equal(tokens.claims().aud, config.clientMetadata().client_id)
    })
  }

  test('may be signed', async () => {
    const config = await signs()
    const { url, checks } = await beginSignIn(config, { max_age: '3600' })
    const key = { key: signingKeys.privateKey, kid: 'one' }
    const signed = await oidc.buildAuthorizationUrlWithJAR(config, new URL(url).searchParams, key)
    const pushed = await oidc.buildAuthorizationUrlWithPAR(config, signed.searchParams)

    await page.goto(pushed.href)

    assert.ok((await oidc.authorizationCodeGrant(config, broughtBack(), checks)).claims().auth_time)
  })

  test('is answered after a whole sign-in, and a reload in it', async () => {
    const config = await party('pushes')
    const tab = await newTab(browser)
    const newcomer = new Person(tab, provider, service)
    const { url, checks } = await pushedRequest(config)

    await tab.goto(url)
    const first = tab.url()
    await tab.goto(url)
    assert.equal(tab.url(), first)
    await newcomer.givesAddress()
    await newcomer.typesTheCode()
    await press(tab, 'Continue')
    await tab.getByText('You are back at /callback').waitFor()

    const tokens = await oidc.authorizationCodeGrant(config, broughtBack(), checks)
    assert.ok(tokens.claims().sub)
    await tab.context().close()
  })

  test('goes nowhere a second time', async () => {
    const { url } = await pushedRequest(await party('pushes'))
    await page.goto(url)

    await page.goto(url)

    assert.equal(page.status, 400)
    await page.getByRole('heading', { name: 'You cannot sign in from this link' }).waitFor()
  })

  test('that is in error is refused before a browser comes', async () => {
    const config = await party('apply')
    const secretless = await party('apply', oidc.ClientSecretBasic('wrong'))

    await refused(pushedRequest(config, { scope: 'email' }), 'invalid_scope')
    await refused(pushedRequest(config, { redirect_uri: `${service.address}/elsewhere` }), 'invalid_request')
    await assert.rejects(pushedRequest(secretless), { status: 401 })
  })

  test('is needed from a client that must push', async () => {
    const config = await party('pushes')
    const { url, checks } = await beginSignIn(config)

    await page.goto(url)

    await refused(oidc.authorizationCodeGrant(config, broughtBack(), checks), 'invalid_request')
  })
})

describe('signing keys that change while services are served', () => {
  const connect = () => party('ES256', undefined, { id_token_signed_response_alg: 'ES256' })
  const rotate = (...how) => provider.run('key', 'rotate', '--algorithm', 'ES256', ...how)
  const kidOf = ({ id_token }) => decodeProtectedHeader(id_token).kid

  /** Waits until the provider, which looks every second, shows what is expected. */
  async function eventually(isSo) {
    const deadline = Date.now() + 30_000
    while (!(await isSo())) {
      assert.ok(Date.now() < deadline, 'the provider does not follow')
      await pause(100)
    }
  }

  test('are known to a service that keeps those it has seen', async () => {
    const early = await connect()
    const first = await signInSilently(early)
    const published = new URL(early.serverMetadata().jwks_uri)
    const numberOfKeys = async () => (await (await fetch(published)).json()).keys.length
    const before = await numberOfKeys()

    await rotate()
    await eventually(async () => (await numberOfKeys()) > before)
    const announced = await signInSilently(early)
    const informed = await connect()
    await signInSilently(informed)
    await rotate('--now')
    await eventually(async () => kidOf(await signInSilently(informed)) !== kidOf(first))

    // It keeps for a minute and more what it has read, so it read the new key when it was announced.
    const after = await signInSilently(informed)
    assert.equal(kidOf(announced), kidOf(first), 'the old key signs as long as the new one is announced')
    assert.notEqual(kidOf(after), kidOf(first))
    const keys = createRemoteJWKSet(published)
    for (const { id_token } of [first, after]) {
      await jwtVerify(id_token, keys, { issuer: provider.issuer, audience: 'ES256' })
    }
  })

  test('are asked for anew where one takes over at once', async () => {
    const config = await connect()
    const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri), { cooldownDuration: 0 })
    const verify = ({ id_token }) => jwtVerify(id_token, keys, { issuer: provider.issuer, audience: 'ES256' })
    const first = await signInSilently(config)
    await verify(first)

    await rotate('--now')
    let latest
    await eventually(async () => {
      latest = await signInSilently(await connect())
      return kidOf(latest) !== kidOf(first)
    })

    await verify(latest)
    await verify(first)
  })
})

describe('the answer by form', () => {
  for (const javaScript of ['on', 'off']) {
    test(`is posted after a whole sign-in with JavaScript ${javaScript}`, async () => {
      const config = await party('apply')
      const tab = await newTab(browser, { javaScript })
      const newcomer = new Person(tab, provider, service)
      const { url, checks } = await beginSignIn(config, { response_mode: 'form_post' })

      await tab.goto(url)
      await newcomer.givesAddress()
      await newcomer.typesTheCode()
      await press(tab, 'Continue')
      if (javaScript === 'off') {
        await press(tab, 'Continue')
      }
      await tab.getByText('You are back at /callback').waitFor()

      assert.equal(service.arrival().method, 'POST')
      const tokens = await oidc.authorizationCodeGrant(config, broughtBack(), checks)
      const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
      assert.equal(userinfo.email, newcomer.address)
      assertNoComplaints(tab)
      await tab.context().close()
    })
  }

  test('carries errors too', async () => {
    const config = await party('apply')
    const { url, checks } = await beginSignIn(config, { response_mode: 'form_post', prompt: 'none', max_age: '0' })

    await page.goto(url)
    await page.getByText('You are back at /callback').waitFor()

    assert.equal(service.arrival().method, 'POST')
    await refused(oidc.authorizationCodeGrant(config, broughtBack(), checks), 'login_required')
  })

  test('is posted where modules do not run', async () => {
    const tab = await newTab(browser, { modules: 'off' })
    const { url } = await beginSignIn(await party('apply'), { response_mode: 'form_post', prompt: 'none' })

    await tab.goto(url)
    await tab.getByText('You are back at /callback').waitFor()

    assert.equal(service.arrival().method, 'POST')
    await tab.context().close()
  })
})

describe('prompt and max_age', () => {
  test('prompt=none answers silently with a session', async () => {
    const tokens = await signInSilently(await party('apply'), { prompt: 'none' })

    assert.ok(tokens.claims().sub)
  })

  test('prompt=none without a session is login_required', async () => {
    const config = await party('apply')
    const tab = await newTab(browser)
    const { url, checks } = await beginSignIn(config, { prompt: 'none' })

    await tab.goto(url)

    await refused(oidc.authorizationCodeGrant(config, broughtBack(), checks), 'login_required')
    await tab.context().close()
  })

  test('prompt=login asks again, and auth_time tells of it', async () => {
    const config = await party('apply')
    const tab = await newTab(browser)
    const again = person.at(tab)
    await again.asksForACode({ client_id: 'plain' })
    await again.typesTheCode()
    const { url, checks } = await beginSignIn(config, { prompt: 'login', max_age: '3600' })
    const asked = Math.floor(Date.now() / 1000)

    await tab.goto(url)
    await again.givesAddress()
    await again.typesTheCode()
    const tokens = await oidc.authorizationCodeGrant(config, broughtBack(), checks)

    assert.ok(tokens.claims().auth_time >= asked)
    await tab.context().close()
  })

  test('max_age lets a recent sign-in pass', async () => {
    const tokens = await signInSilently(await party('apply'), { max_age: '3600' })

    assert.ok(tokens.claims().auth_time)
  })

  test('max_age=0 asks again', async () => {
    const { url } = await beginSignIn(await party('apply'), { max_age: '0' })

    await page.goto(url)

    await page.getByRole('heading', { name: 'Enter your email address' }).waitFor()
  })
})

describe('a request in error', () => {
  const mistakes = {
    'without PKCE': [{ code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    'with a plain challenge': [{ code_challenge_method: 'plain' }, 'invalid_request'],
    'for a response type that it did not register': [
      { response_type: 'id_token', response_mode: 'form_post' },
      'unauthorized_client',
    ],
    'with an unsigned request object': [{ request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    'with a request object that is none': [{ request: 'e30.e30.' }, 'invalid_request_object'],
    'with a request object that is nowhere': [{ request_uri: 'https://service.example/' }, 'invalid_request_uri'],
    'with prompt=none and another': [{ prompt: 'none login' }, 'invalid_request'],
  }
  for (const [mistake, [parameters, error]] of Object.entries(mistakes)) {
    test(mistake, async () => {
      const config = await party('apply')
      const { url, checks } = await beginSignIn(config, parameters)

      await page.goto(url)

      await refused(oidc.authorizationCodeGrant(config, broughtBack(), checks), error)
    })
  }

  test('with a foreign redirect URI goes nowhere', async () => {
    const { url } = await beginSignIn(await party('apply'), { redirect_uri: `${service.address}/elsewhere` })

    await page.goto(url)

    assert.equal(page.status, 400)
    await page.getByRole('heading', { name: 'You cannot sign in from this link' }).waitFor()
  })
})

describe('signing out', () => {
  test('with the ID token as hint ends the session and comes back with the state', async () => {
    const config = await party('apply')
    const tab = await newTab(browser)
    const leaver = person.at(tab)
    const { url, checks } = await beginSignIn(config, { scope: EVERY_SCOPE })
    await tab.goto(url)
    await leaver.givesAddress()
    await leaver.typesTheCode()
    const tokens = await oidc.authorizationCodeGrant(config, broughtBack(), checks)

    const out = oidc.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: service.postLogoutRedirectUri,
      state: 'on the way out',
    })
    await tab.goto(out.href)

    assert.equal(tab.url(), `${service.postLogoutRedirectUri}?state=on+the+way+out`)
    const silent = await beginSignIn(config, { prompt: 'none' })
    await tab.goto(silent.url)
    await refused(oidc.authorizationCodeGrant(config, broughtBack(), silent.checks), 'login_required')
    assertNoComplaints(tab)
    await tab.context().close()
  })

  test('without a hint asks first, and then comes back', async () => {
    const config = await party('apply')
    const tab = await newTab(browser)
    await person.at(tab).asksForACode({ client_id: 'plain' })
    await person.at(tab).typesTheCode()

    const out = oidc.buildEndSessionUrl(config, { post_logout_redirect_uri: service.postLogoutRedirectUri })
    await tab.goto(out.href)
    await press(tab, 'Sign out')

    assert.equal(tab.url(), service.postLogoutRedirectUri)
    assertNoComplaints(tab)
    await tab.context().close()
  })
})
