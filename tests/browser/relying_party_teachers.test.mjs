// Services that want to know teachers, built on npm's openid-client: what they are told, and what
// they are told when there is nothing to tell.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oidc from 'openid-client'

import { launch, newTab, press } from './browser.mjs'
import { assertNoComplaints } from './page_rules.mjs'
import { PEOPLE, Person, stranger } from './person.mjs'
import { Provider } from './processes.mjs'
import { RelyingService } from './relying_service.mjs'

const SECRET = 'a-secret-for-the-browser-tests'

let browser, provider, service

before(async () => {
  service = await RelyingService.start()
  const client = (client_id, scope, settings) =>
    service.client({ client_id, client_secret: SECRET, scope: `openid ${scope}`, ...settings })
  provider = await Provider.start({
    clients: [
      client('required', 'profile email trn', { trn_requirement: 'required' }),
      client('signed', 'profile trn', { trn_requirement: 'optional', userinfo_signed_response_alg: 'ES256' }),
      client('strict', 'trn', { trn_requirement: 'required', match_policy: 'strict' }),
      client('pending', 'trn', {
        trn_requirement: 'required',
        continue_while_pending: true,
        event_endpoint: service.eventEndpoint,
      }),
      client('payroll', 'national_insurance'),
      client('plain', 'profile'),
    ],
    settings: { jobs: { poll: '100ms' }, outbound: { allowed_hosts: ['localhost'] } },
  })
  await provider.knowsTheSamples()
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await provider?.stop()
  await service?.stop()
})

/** A request that has begun: where to send the browser, and what to expect of the answer. */
async function beginSignIn(client_id, scope, parameters = {}) {
  const config = await oidc.discovery(new URL(provider.issuer), client_id, undefined, oidc.ClientSecretBasic(SECRET), {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  })
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedState = oidc.randomState()
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: service.redirectUri,
    scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    ...parameters,
  })
  return { config, url: url.href, checks: { pkceCodeVerifier, expectedState, idTokenExpected: true } }
}

/** What the service is told of whoever its browser brought back. */
async function told({ config, checks }) {
  const tokens = await oidc.authorizationCodeGrant(config, new URL(service.arrival().url), checks)
  const claims = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
  return { ...claims, scope: tokens.scope }
}

/** The OAuth error that the service is given. */
async function refusal({ config, checks }) {
  const thrown = await oidc.authorizationCodeGrant(config, new URL(service.arrival().url), checks).catch(error => error)
  const { error, error_description } = thrown.cause ? Object.fromEntries(thrown.cause) : thrown
  return { error, error_description }
}

/** A newcomer who stands before the first question. */
async function newcomer(url) {
  const person = new Person(await newTab(browser), provider, service)
  await person.page.goto(url)
  await person.givesAddress()
  await person.typesTheCode()
  return person
}

describe('a service that needs a TRN', () => {
  test('is told the TRN, how sure it is, and who it is', async () => {
    const request = await beginSignIn('required', 'openid profile email trn')
    const person = await newcomer(request.url)
    const { page } = person

    await person.saysWhoTheyAre(PEOPLE.ada)
    await person.givesNationalInsuranceNumber('MW 12 34 01 A')
    await person.goesOnToTheService()

    const { sub, email, updated_at, ...claims } = await told(request)
    assert.deepEqual(claims, {
      name: 'Ada Lovell',
      given_name: 'Ada',
      family_name: 'Lovell',
      preferred_name: claims.preferred_name,
      birthdate: '1985-06-14',
      email_verified: true,
      trn: '3000001',
      trn_lookup_status: 'Found',
      trn_verification_level: 'Low',
      scope: 'email openid profile trn',
    })
    assert.match(claims.preferred_name, /^Ada/)
    assert.equal(typeof updated_at, 'number')
    assertNoComplaints(page)

    // Now that she is known, other services learn what they may, and she is asked nothing more.
    const signed = await beginSignIn('signed', 'openid trn', { prompt: 'none' })
    await page.goto(signed.url)
    const again = await told(signed)
    assert.equal(again.sub, sub)
    assert.equal(again.trn, '3000001')
    assert.equal(again.name, undefined)

    const strict = await beginSignIn('strict', 'openid trn', { prompt: 'none' })
    await page.goto(strict.url)
    assert.equal((await refusal(strict)).error, 'interaction_required')
    await page.context().close()
  })

  test('is told why nobody comes', async () => {
    const request = await beginSignIn('required', 'openid trn')
    const person = await newcomer(request.url)
    const { page } = person

    await person.saysWhoTheyAre(stranger())
    await person.hasNoNumbers()
    await press(page, 'Save and continue')
    await press(page, 'Go back to Apply for a qualification')

    assert.deepEqual(await refusal(request), {
      error: 'access_denied',
      error_description: 'No TRN of the person is known that this client may have.',
    })
    assertNoComplaints(page)
    await page.context().close()
  })
})

test('a service that can wait is told that no record was found, and no TRN', async () => {
  const request = await beginSignIn('pending', 'openid trn')
  const person = await newcomer(request.url)
  const { page } = person

  await person.saysWhoTheyAre(stranger())
  await person.hasNoNumbers()
  await person.goesOnToTheService()

  const { sub, ...claims } = await told(request)
  assert.deepEqual(claims, { trn_lookup_status: 'None', scope: 'openid trn' })
  await page.context().close()
})

test('a service that waits is told when staff find the TRN, in a token that its keys verify', async () => {
  const request = await beginSignIn('pending', 'openid trn')
  const person = await newcomer(request.url)
  await person.saysWhoTheyAre(stranger())
  await person.chooses('No')
  await person.givesTrn('9999999')
  await person.chooses('No')
  await person.goesOnToTheService()
  const { sub, ...claims } = await told(request)
  assert.deepEqual(claims, { trn_lookup_status: 'Pending', scope: 'openid trn' })

  const [reference] = (await provider.run('support', 'list')).match(/GAI-\S+/)
  const pushed = service.nextEvent()
  await provider.run('support', 'close', reference, '--trn', PEOPLE.benjamin.trn)

  const { type, token } = await pushed
  assert.equal(type, 'application/secevent+jwt')
  const keys = createRemoteJWKSet(new URL(request.config.serverMetadata().jwks_uri))
  const { payload } = await jwtVerify(token, keys, {
    issuer: provider.issuer,
    audience: 'pending',
    typ: 'secevent+jwt',
  })
  assert.deepEqual(payload.sub_id, { format: 'iss_sub', iss: provider.issuer, sub })
  assert.deepEqual(payload.events, {
    [`${provider.issuer}/events/trn-lookup-status-changed`]: { trn_lookup_status: 'Found' },
  })
  assert.ok(payload.jti && payload.iat)
  assert.equal(payload.sub, undefined)

  const again = await beginSignIn('pending', 'openid trn', { prompt: 'none' })
  await person.page.goto(again.url)
  const { trn, trn_verification_level } = await told(again)
  assert.deepEqual({ trn, trn_verification_level }, { trn: PEOPLE.benjamin.trn, trn_verification_level: 'Medium' })
  await person.page.context().close()
})

test('a service for which a rough match is not enough asks for more, and is then told', async () => {
  const request = await beginSignIn('strict', 'openid trn')
  const person = await newcomer(request.url)
  const { page } = person

  await person.saysWhoTheyAre(PEOPLE.chinwe)
  await person.givesNationalInsuranceNumber(PEOPLE.chinwe.number)
  await person.givesTrn('30/00003')
  await person.goesOnToTheService()

  const { sub, ...claims } = await told(request)
  assert.deepEqual(claims, {
    trn: '3000003',
    trn_lookup_status: 'Found',
    trn_verification_level: 'Medium',
    scope: 'openid trn',
  })
  await page.context().close()
})

test('only a service that may know it is told the National Insurance number', async () => {
  const request = await beginSignIn('payroll', 'openid national_insurance')
  const person = await newcomer(request.url)
  const { page } = person
  await person.givesNationalInsuranceNumber('MW123402B')
  await person.goesOnToTheService()

  const { sub, ...claims } = await told(request)
  assert.deepEqual(claims, { ni_number: 'MW123402B', scope: 'national_insurance openid' })

  const plain = await beginSignIn('plain', 'openid national_insurance', { prompt: 'none' })
  await page.goto(plain.url)
  const { sub: same, ...nothing } = await told(plain)
  assert.equal(same, sub)
  assert.deepEqual(nothing, { scope: 'openid' })
  await page.context().close()
})
