// A relying service that signs people in, and out, in a window of their own, and waits for that
// window to come back to it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

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
  })
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await provider?.stop()
  await service?.stop()
})

/** Waits at the service, keeping in `window.heard` what the windows that it opens tell it. */
async function waitAtTheService(tab) {
  await tab.goto(service.address)
  await tab.evaluate(() => {
    window.heard = []
    addEventListener('message', ({ data }) => window.heard.push(data))
  })
}

/** The window that opens when the service opens one there. */
async function opened(tab, url) {
  const [popup] = await Promise.all([
    tab.waitForEvent('popup'),
    tab.evaluate(url => void window.open(url, 'identity', 'popup'), url),
  ])
  await popup.waitForLoadState()
  return popup
}

/** What the service's page in the window does: it hands what it was given to the page that waits. */
async function tellsItsOpener(popup) {
  await popup.waitForURL(`${service.address}/**`)
  await popup.evaluate(() => window.opener.postMessage(location.href, location.origin))
}

function authorizationUrl(parameters = {}) {
  const request = { client_id: 'apply', redirect_uri: service.redirectUri, response_type: 'code', scope: 'openid', ...parameters }
  return provider.url(`/authorize?${new URLSearchParams(request)}`)
}

/** What the page that waits has heard, when it has heard so much. */
async function heard(tab, count) {
  await tab.waitForFunction(count => window.heard.length === count, count)
  const urls = await tab.evaluate(() => window.heard)
  return urls.map(url => new URL(url))
}

test('a window that signs a person in comes back to the service that opened it', async () => {
  const tab = await newTab(browser)
  await waitAtTheService(tab)

  const popup = await opened(tab, authorizationUrl({ state: 'asked' }))
  const person = new Person(popup, provider, service)
  await person.givesAddress()
  await person.typesTheCode()
  await press(popup, 'Continue')
  await tellsItsOpener(popup)
  await popup.close()
  const silent = await opened(tab, authorizationUrl({ state: 'silent', prompt: 'none' }))
  await tellsItsOpener(silent)
  await silent.close()

  const answers = await heard(tab, 2)
  assert.deepEqual(answers.map(({ searchParams }) => searchParams.get('state')), ['asked', 'silent'])
  assert.ok(answers.every(({ searchParams }) => searchParams.get('code')))
  assertNoComplaints(tab)
  await tab.context().close()
})

test('a window that signs a person out comes back to the service that opened it', async () => {
  const tab = await newTab(browser)
  await new Person(tab, provider, service).signsInForTheFirstTime()
  await waitAtTheService(tab)

  const parameters = { client_id: 'apply', post_logout_redirect_uri: service.postLogoutRedirectUri }
  const popup = await opened(tab, provider.url(`/end-session?${new URLSearchParams(parameters)}`))
  await press(popup, 'Sign out')
  await tellsItsOpener(popup)

  const [answer] = await heard(tab, 1)
  assert.equal(answer.href, service.postLogoutRedirectUri)
  assertNoComplaints(tab)
  await tab.context().close()
})

test('a page that is no part of a sign-in is cut off from whoever opened it', async () => {
  const tab = await newTab(browser)
  await waitAtTheService(tab)

  for (const path of ['/', '/cookies', '/signed-out', '/dev/mailbox', '/nowhere']) {
    const popup = await opened(tab, provider.url(path))
    assert.equal(await popup.evaluate(() => window.opener), null, path)
    await popup.close()
  }
  await tab.context().close()
})
