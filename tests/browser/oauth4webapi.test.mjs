// A relying party on npm's oauth4webapi, which takes nothing for granted that the standards do not say.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import * as oauth from 'oauth4webapi'

import { PersonWithoutBrowser } from './person_without_browser.mjs'
import { Provider } from './processes.mjs'

const SECRET = 'a secret: with+every&thing, 100% é'
const REDIRECT_URI = 'https://service.example/callback'
const GOODBYE = 'https://service.example/goodbye'
// The provider of this test is at http://localhost.
const insecure = { [oauth.allowInsecureRequests]: true }

let provider, server

before(async () => {
  provider = await Provider.start({
    clients: [
      {
        client_id: 'service',
        client_name: 'A service',
        client_secret: SECRET,
        redirect_uris: [REDIRECT_URI],
        post_logout_redirect_uris: [GOODBYE],
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'openid email offline_access',
      },
    ],
  })
  const issuer = new URL(provider.issuer)
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
})

after(() => provider?.stop())

const client = { client_id: 'service' }
const authentication = oauth.ClientSecretBasic(SECRET)

/** A request, and what to expect of its answer. */
async function beginSignIn() {
  const expected = {
    verifier: oauth.generateRandomCodeVerifier(),
    nonce: oauth.generateRandomNonce(),
    state: oauth.generateRandomState(),
  }
  const url = new URL(server.authorization_endpoint)
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid email offline_access',
    code_challenge: await oauth.calculatePKCECodeChallenge(expected.verifier),
    code_challenge_method: 'S256',
    nonce: expected.nonce,
    state: expected.state,
  })
  return { url, expected }
}

async function redeem(arrived, { verifier, nonce, state }) {
  const parameters = oauth.validateAuthResponse(server, client, arrived, state)
  const response = await oauth.authorizationCodeGrantRequest(
    server, client, authentication, parameters, REDIRECT_URI, verifier, insecure,
  )
  const checks = { expectedNonce: nonce, requireIdToken: true }
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, checks)
  await oauth.validateApplicationLevelSignature(server, response, insecure)
  return tokens
}

async function userInfo(tokens, sub) {
  const response = await oauth.userInfoRequest(server, client, tokens.access_token, insecure)
  return oauth.processUserInfoResponse(server, client, sub, response)
}

test('a person signs in, stays and signs out', async () => {
  const person = new PersonWithoutBrowser(provider, 'ada@example.test')
  const { url, expected } = await beginSignIn()

  const tokens = await redeem(await person.signsInAt(url), expected)
  const { sub } = oauth.getValidatedIdTokenClaims(tokens)
  assert.equal((await userInfo(tokens, sub)).email, 'ada@example.test')

  const response = await oauth.refreshTokenGrantRequest(
    server, client, authentication, tokens.refresh_token, insecure,
  )
  const refreshed = await oauth.processRefreshTokenResponse(server, client, response)
  assert.notEqual(refreshed.access_token, tokens.access_token)
  assert.equal((await userInfo(refreshed, sub)).sub, sub)

  const out = new URL(server.end_session_endpoint)
  out.search = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: GOODBYE,
    state: 'on the way out',
  })
  const left = await person.opens(out)
  assert.equal(left.href, `${GOODBYE}?state=on+the+way+out`)
  assert.equal(await person.opens((await beginSignIn()).url), undefined)
  assert.equal(person.heading(), 'Enter your email address')
})

test('a code that is used twice is refused, and takes its tokens along', async () => {
  const person = new PersonWithoutBrowser(provider, 'bob@example.test')
  const { url, expected } = await beginSignIn()
  const arrived = await person.signsInAt(url)
  const tokens = await redeem(arrived, expected)

  await assert.rejects(redeem(arrived, expected), { error: 'invalid_grant', status: 400 })

  const { sub } = oauth.getValidatedIdTokenClaims(tokens)
  await assert.rejects(userInfo(tokens, sub), oauth.WWWAuthenticateChallengeError)
})

test('an answer to another request, or of another provider, is not taken', async () => {
  const person = new PersonWithoutBrowser(provider, 'cyd@example.test')
  const { url, expected } = await beginSignIn()
  const arrived = await person.signsInAt(url)

  assert.throws(() => oauth.validateAuthResponse(server, client, arrived, oauth.generateRandomState()))
  const other = { ...server, issuer: 'https://other.example' }
  assert.throws(() => oauth.validateAuthResponse(other, client, arrived, expected.state))
})
