// Two services that one person uses: both learn of the end of the session in hidden frames, and
// their pages see it in the session check.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { launch, newTab, press } from './browser.mjs'
import { assertAccessible, assertNoComplaints, assertTitled, assertUsableByKeyboard } from './page_rules.mjs'
import { Person } from './person.mjs'
import { Provider } from './processes.mjs'
import { RelyingService } from './relying_service.mjs'

const SECRET = 'a-secret-for-the-browser-tests'

let browser, provider, apply, course

before(async () => {
  apply = await RelyingService.start()
  course = await RelyingService.start()
  const client = (service, client_id) =>
    service.client({
      client_id,
      client_secret: SECRET,
      require_pkce: false,
      frontchannel_logout_uri: service.frontchannelLogoutUri,
      frontchannel_logout_session_required: true,
    })
  provider = await Provider.start({ clients: [client(apply, 'apply'), client(course, 'course')] })
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await provider?.stop()
  await apply?.stop()
  await course?.stop()
})

/** What the provider gives the service for the code that the browser brought last. */
async function redeemed(service, client_id) {
  const code = new URL(service.arrival().url).searchParams.get('code')
  const response = await fetch(provider.url('/token'), {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client_id}:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: service.redirectUri }),
  })
  assert.equal(response.status, 200)
  const { id_token } = await response.json()
  const { sid } = JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url').toString())
  return { id_token, sid }
}

/** Somebody signs in to both services: the ID token of the first. */
async function signsInToBoth(tab) {
  apply.framed = []
  course.framed = []
  course.answersFrames = true
  await new Person(tab, provider, apply).signsInForTheFirstTime()
  const tokens = await redeemed(apply, 'apply')
  await new Person(tab, provider, course).asksToSignIn({ client_id: 'course', redirect_uri: course.redirectUri, prompt: 'none' })
  assert.equal((await redeemed(course, 'course')).sid, tokens.sid)
  return tokens
}

function endSessionUrl(id_token_hint) {
  const parameters = { id_token_hint, post_logout_redirect_uri: apply.postLogoutRedirectUri, state: 'a b' }
  return provider.url(`/end-session?${new URLSearchParams(parameters)}`)
}

function assertFramed(sid) {
  const framed = [`/framed?${new URLSearchParams({ tenant: 1, iss: provider.issuer, sid })}`]
  assert.deepEqual([apply.framed, course.framed], [framed, framed])
}

test('services are told in frames, and the browser goes on by itself', async () => {
  const tab = await newTab(browser)
  const { id_token, sid } = await signsInToBoth(tab)

  await tab.goto(endSessionUrl(id_token))
  await tab.waitForURL(`${apply.postLogoutRedirectUri}?state=a+b`)

  assertFramed(sid)
  assertNoComplaints(tab)
  await tab.context().close()
})

test('the browser goes on by itself where modules do not run', async () => {
  const tab = await newTab(browser, { modules: 'off' })
  const { id_token, sid } = await signsInToBoth(tab)

  await tab.goto(endSessionUrl(id_token))
  await tab.waitForURL(`${apply.postLogoutRedirectUri}?state=a+b`)

  assertFramed(sid)
  await tab.context().close()
})

test('a service that does not answer holds the browser up for three seconds', async () => {
  const tab = await newTab(browser)
  const { id_token } = await signsInToBoth(tab)
  course.answersFrames = false

  const begun = Date.now()
  await tab.goto(endSessionUrl(id_token), { waitUntil: 'commit' })
  await tab.waitForURL(`${apply.postLogoutRedirectUri}?state=a+b`)

  const took = Date.now() - begun
  assert.ok(took >= 3000 && took < 8000, `${took} ms`)
  assert.equal(course.framed.length, 1)
  await tab.context().close()
})

test('without JavaScript the frames load, and a button leads on', async () => {
  const tab = await newTab(browser, { javaScript: 'off' })
  const { id_token, sid } = await signsInToBoth(tab)

  await tab.goto(endSessionUrl(id_token), { waitUntil: 'load' })

  assertFramed(sid)
  await assertTitled(tab, { heading: 'You have signed out', service: 'Get an identity' })
  await assertAccessible(tab)
  await assertUsableByKeyboard(tab)
  await press(tab, 'Continue')
  assert.equal(tab.url(), `${apply.postLogoutRedirectUri}?state=a+b`)
  assertNoComplaints(tab)
  await tab.context().close()
})

/** Puts the check into a frame of the service's page; `tab.ask(message)` asks it. */
async function opensTheCheck(tab, service) {
  await tab.goto(service.address)
  await tab.evaluate(async url => {
    const frame = document.createElement('iframe')
    frame.hidden = true
    frame.src = url
    document.body.append(frame)
    await new Promise(loaded => frame.addEventListener('load', loaded))
    window.ask = message =>
      new Promise((answer, silence) => {
        setTimeout(() => silence(new Error('no answer')), 5000)
        addEventListener('message', ({ data, origin }) => answer(`${origin} ${data}`), { once: true })
        frame.contentWindow.postMessage(message, '*')
      })
  }, provider.url('/session/check'))
  return async message => {
    const [origin, answer] = (await tab.evaluate(message => window.ask(message), message)).split(' ')
    assert.equal(origin, provider.issuer)
    return answer
  }
}

const stateGivenTo = service => new URL(service.arrival().url).searchParams.get('session_state')

test('a page of a service sees that the session goes on, and that it is over', async () => {
  const tab = await newTab(browser)
  const { id_token } = await signsInToBoth(tab)
  const [applys, courses] = [apply, course].map(stateGivenTo)

  const asks = await opensTheCheck(tab, apply)
  assert.equal(await asks(`apply ${applys}`), 'unchanged')
  assert.equal(await asks(`course ${courses}`), 'changed', 'it was given to another origin')
  assert.equal(await asks(`course ${applys}`), 'changed', 'it was given to another client')
  for (const nonsense of ['', 'apply', `apply ${applys} more`, 'apply x.y', { apply: applys }, null]) {
    assert.equal(await asks(nonsense), 'error', JSON.stringify(nonsense))
  }

  const elsewhere = await tab.context().newPage()
  await elsewhere.goto(endSessionUrl(id_token))
  await elsewhere.waitForURL(`${apply.postLogoutRedirectUri}?*`)
  assert.equal(await asks(`apply ${applys}`), 'changed')

  assertNoComplaints(tab)
  await tab.context().close()
})

test('a page of a service sees that another person has signed in', async () => {
  const tab = await newTab(browser)
  await signsInToBoth(tab)
  const ofTheFirst = stateGivenTo(course)

  const other = new Person(tab, provider, apply)
  await other.asksToSignIn({ prompt: 'login' })
  await other.givesAddress()
  await other.typesTheCode()
  await press(tab, 'Continue')
  await other.asksToSignIn({ client_id: 'course', redirect_uri: course.redirectUri, prompt: 'none' })
  const ofTheOther = stateGivenTo(course)

  const asks = await opensTheCheck(tab, course)
  assert.equal(await asks(`course ${ofTheFirst}`), 'changed')
  assert.equal(await asks(`course ${ofTheOther}`), 'unchanged')
  await tab.context().close()
})
