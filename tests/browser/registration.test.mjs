// A service that nobody registered before: npm's openid-client registers it at the provider, signs
// people in with what it got, and gives it up.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import * as oidc from 'openid-client'

import { launch, newTab, press } from './browser.mjs'
import { assertNoComplaints } from './page_rules.mjs'
import { Person } from './person.mjs'
import { Provider } from './processes.mjs'
import { RelyingService } from './relying_service.mjs'

let browser, provider, service

before(async () => {
  service = await RelyingService.start()
  provider = await Provider.start({
    clients: [service.client({ client_id: 'apply', client_secret: 'a-secret-for-the-browser-tests', require_pkce: false })],
    settings: { registration: { enabled: true } },
  })
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await provider?.stop()
  await service?.stop()
})

async function initialAccessToken(...options) {
  const printed = await provider.run('registration', 'add-token', 'A test', ...options)
  return printed.trim().split('\n').at(-1)
}

/** Registers a client, and gives the relying party that it is. */
async function register(metadata, authentication) {
  const config = await oidc.dynamicClientRegistration(
    new URL(provider.issuer),
    { client_name: 'Classroom app', redirect_uris: [service.redirectUri], ...metadata },
    authentication,
    { initialAccessToken: await initialAccessToken('--uses', '1'), execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] },
  )
  config.timeout = 10
  return config
}

async function signIn(config, person, parameters = {}) {
  const checks = {
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    expectedNonce: oidc.randomNonce(),
    expectedState: oidc.randomState(),
    idTokenExpected: true,
  }
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: service.redirectUri,
    scope: 'openid email',
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    nonce: checks.expectedNonce,
    state: checks.expectedState,
    ...parameters,
  })
  await person.page.goto(url.href)
  await person.givesAddress()
  await person.typesTheCode()
  await person.page.getByRole('heading', { name: 'Classroom app' }).waitFor()
  const agree = person.page.locator('button[value=allow]')
  await Promise.all([person.page.waitForEvent('load'), agree.click()])
  await press(person.page, 'Continue')
  return oidc.authorizationCodeGrant(config, new URL(service.arrival().url), checks)
}

const methods = {
  client_secret_basic: oidc.ClientSecretBasic,
  client_secret_post: oidc.ClientSecretPost,
  client_secret_jwt: oidc.ClientSecretJwt,
}

for (const [method, authentication] of Object.entries(methods)) {
  test(`a service registers itself, signs people in by ${method}, and gives its registration up`, async () => {
    const config = await register({ token_endpoint_auth_method: method, subject_type: 'pairwise' }, authentication())
    const client = config.clientMetadata()
    const page = await newTab(browser)
    const person = new Person(page, provider, service)

    const tokens = await signIn(config, person)

    const { sub } = tokens.claims()
    assert.match(sub, /^[\w-]{43}$/)
    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, sub)
    assert.equal(userinfo.email, person.address)
    assertNoComplaints(page)
    await page.context().close()

    const authorization = `Bearer ${client.registration_access_token}`
    const manage = options => fetch(client.registration_client_uri, { headers: { authorization }, ...options })
    const read = await (await manage()).json()
    assert.equal(read.client_id, client.client_id)
    assert.equal((await manage({ method: 'DELETE' })).status, 204)
    assert.equal((await manage()).status, 401)
    await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, sub))
  })
}

test('a token registers no more clients than it is for', async () => {
  const token = await initialAccessToken('--uses', '1')
  const attempt = () =>
    oidc.dynamicClientRegistration(new URL(provider.issuer), { redirect_uris: [service.redirectUri] }, undefined, {
      initialAccessToken: token,
      execute: [oidc.allowInsecureRequests],
    })

  assert.equal((await attempt()).clientMetadata().client_secret_expires_at, 0)
  await assert.rejects(attempt(), error => {
    assert.equal(error.cause[0].parameters.error, 'invalid_token')
    return true
  })
})
