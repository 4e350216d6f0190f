// Services that get tokens from the authorization endpoint, in a real browser, whose fragments only
// the page sees; npm's openid-client verifies what comes.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import * as oidc from 'openid-client'

import { launch, newTab, press } from './browser.mjs'
import { assertNoComplaints } from './page_rules.mjs'
import { Person } from './person.mjs'
import { Provider } from './processes.mjs'
import { RelyingService } from './relying_service.mjs'

const SECRET = 'a secret: with+every&thing, 100% é'
const HYBRID = ['authorization_code', 'implicit']

let browser, page, person, provider, service

before(async () => {
  service = await RelyingService.start()
  // On this machine: a web client would have to be on the web.
  const client = settings => service.client({ application_type: 'native', ...settings })
  provider = await Provider.start({
    clients: [
      client({
        client_id: 'exams',
        client_secret: SECRET,
        grant_types: HYBRID,
        response_types: ['code', 'code id_token'],
      }),
      client({
        client_id: 'in-browser',
        token_endpoint_auth_method: 'none',
        grant_types: ['implicit'],
        response_types: ['id_token', 'id_token token'],
      }),
      client({ client_id: 'apply', client_secret: SECRET, require_pkce: false }),
    ],
  })
  browser = await launch()
  page = await newTab(browser)
  person = new Person(page, provider, service)
})

after(async () => {
  await browser?.close()
  await provider?.stop()
  await service?.stop()
})

/** The relying party of a registered client, which checks every signature. */
async function party(clientId, authentication, ...execute) {
  const always = [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks]
  const options = { execute: [...always, ...execute] }
  return oidc.discovery(new URL(provider.issuer), clientId, undefined, authentication, options)
}

function hybridParty() {
  return party('exams', oidc.ClientSecretBasic(SECRET), oidc.useCodeIdTokenResponseType)
}

/** A request that has begun: where to send the browser, and what to expect of the answer. */
async function begin(config, parameters = {}) {
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
  return { url: url.href, checks: { pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true } }
}

/** What the browser brought back in the fragment, which the server of the service did not see. */
function inTheFragment(tab = page) {
  assert.equal(service.arrival().url, service.redirectUri)
  const url = new URL(tab.url())
  assert.ok(url.href.startsWith(`${service.redirectUri}#`), url.href)
  return url
}

describe('a service that gets an ID token beside the code', () => {
  test('is reached through every page of a first sign-in', async () => {
    const config = await hybridParty()
    const { url, checks } = await begin(config, { login_hint: person.address })

    await page.goto(url)
    await press(page, 'Continue')
    await person.typesTheCode()
    await press(page, 'Continue')

    const came = inTheFragment()
    assert.equal(new URLSearchParams(came.hash.slice(1)).get('iss'), provider.issuer)
    const tokens = await oidc.authorizationCodeGrant(config, came, checks)
    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
    assert.equal(userinfo.email, person.address)
    assertNoComplaints(page)
  })

  test('is told silently from then on, in the fragment and in a form', async () => {
    const config = await hybridParty()
    const silently = await begin(config, { prompt: 'none' })
    await page.goto(silently.url)
    await oidc.authorizationCodeGrant(config, inTheFragment(), silently.checks)

    const posted = await begin(config, { response_mode: 'form_post' })
    await page.goto(posted.url)
    await page.waitForURL(service.redirectUri)
    const tokens = await oidc.authorizationCodeGrant(config, service.arrival(), posted.checks)

    assert.equal(tokens.claims().aud, 'exams')
    assertNoComplaints(page)
  })

  test('does not take the code of another answer', async () => {
    const config = await hybridParty()
    const first = await begin(config, { prompt: 'none' })
    await page.goto(first.url)
    const { hash } = inTheFragment()
    const second = await begin(config, { prompt: 'none' })
    await page.goto(second.url)
    const came = inTheFragment()

    const swapped = new URLSearchParams(came.hash.slice(1))
    swapped.set('code', new URLSearchParams(hash.slice(1)).get('code'))
    const mixed = new URL(`${service.redirectUri}#${swapped}`)

    await assert.rejects(oidc.authorizationCodeGrant(config, mixed, second.checks), thrown => {
      assert.match(String(thrown.message) + String(thrown.cause?.message), /c_hash/)
      return true
    })
  })
})

test('a program in the browser learns who it is without any server', async () => {
  const config = await party('in-browser', oidc.None(), oidc.useIdTokenResponseType)
  const { url, checks } = await begin(config, { prompt: 'none' })

  await page.goto(url)

  const { expectedNonce, expectedState } = checks
  const claims = await oidc.implicitAuthentication(config, inTheFragment(), expectedNonce, { expectedState })
  assert.equal(claims.email, person.address)
})

test('Back leads a person who has signed in to the same service again, with a new answer', async () => {
  const config = await hybridParty()
  const tab = await newTab(browser)
  const somebody = new Person(tab, provider, service)
  const { url, checks } = await begin(config)
  await tab.goto(url)
  await somebody.givesAddress()
  await somebody.typesTheCode()
  await press(tab, 'Continue')
  const first = inTheFragment(tab)

  await tab.goBack()
  await somebody.goesOn()

  const second = inTheFragment(tab)
  assert.notEqual(second.hash, first.hash)
  await oidc.authorizationCodeGrant(config, second, checks)
  await tab.context().close()
})

test('a service that did not register for it is told so in the fragment', async () => {
  const config = await party('apply', oidc.ClientSecretBasic(SECRET), oidc.useCodeIdTokenResponseType)
  const { url } = await begin(config)

  await page.goto(url)

  const came = new URLSearchParams(inTheFragment().hash.slice(1))
  assert.equal(came.get('error'), 'unauthorized_client')
  assert.equal(came.get('code'), null)
})
