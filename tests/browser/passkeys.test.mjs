// Passkeys, with the device that Chromium pretends to have.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { Authenticator } from './authenticator.mjs'
import { launch, newTab, press } from './browser.mjs'
import { assertNoComplaints } from './page_rules.mjs'
import { addsAnotherPasskey, isAskedToSetUp, passkeyClients, setsUp } from './passkeys_states.mjs'
import { Person } from './person.mjs'
import { Provider } from './processes.mjs'
import { RelyingService } from './relying_service.mjs'

const REQUEST = { client_id: 'two-steps' }

let browser, provider, service

before(async () => {
  service = await RelyingService.start()
  provider = await Provider.start({ clients: passkeyClients(service) })
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await provider?.stop()
  await service?.stop()
})

async function newPerson(settings) {
  const page = await newTab(browser, settings)
  return new Person(page, provider, service)
}

function assertHeading(page, heading) {
  return page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
}

async function signsInAgain(person) {
  await person.page.context().clearCookies()
  await person.asksForACode(REQUEST)
  await person.typesTheCode()
  await assertHeading(person.page, 'Use your passkey')
}

function assertBackAtTheService(person) {
  assert.equal(new URL(person.page.url()).origin, service.address)
  assert.ok(new URL(service.arrival().url).searchParams.has('code'))
}

for (const isSynced of [true, false]) {
  test(`a passkey that is ${isSynced ? 'shared by devices' : 'of one device'} is set up, and signs in`, async () => {
    const person = await newPerson()
    const device = await setsUp(person, { isSynced })
    assertBackAtTheService(person)

    await signsInAgain(person)
    await press(person.page, 'Use your passkey')

    assertBackAtTheService(person)
    const [{ rpId, isResidentCredential, signCount }] = await device.passkeys()
    assert.deepEqual({ rpId, isResidentCredential }, { rpId: 'localhost', isResidentCredential: true })
    assert.ok(signCount > 1)
    assertNoComplaints(person.page)
    await person.page.context().close()
  })
}

test('a person who cancels keeps the name that they typed, and can try again', async () => {
  const person = await newPerson()
  const device = await isAskedToSetUp(person)
  await device.isCancelled()
  await person.page.getByLabel('Name for this passkey').fill('My phone')
  await press(person.page, 'Create a passkey')
  await assertHeading(person.page, 'Set up a passkey')
  assert.equal(await person.page.getByLabel('Name for this passkey').inputValue(), 'My phone')

  await device.isUnlocked()
  await press(person.page, 'Create a passkey')

  await assertHeading(person.page, 'Save your recovery codes')
  assertNoComplaints(person.page)
  await person.page.context().close()
})

test('a person who cancels at sign-in can try again', async () => {
  const person = await newPerson()
  const device = await setsUp(person)
  await signsInAgain(person)
  await device.isCancelled()
  await press(person.page, 'Use your passkey')
  await person.page.locator('.govuk-error-summary').getByText('Your passkey was not used').waitFor()

  await device.isUnlocked()
  await press(person.page, 'Use your passkey')

  assertBackAtTheService(person)
  assertNoComplaints(person.page)
  await person.page.context().close()
})

test('a name that is too long is typed again, and the passkey is not made twice', async () => {
  const person = await newPerson()
  const device = await isAskedToSetUp(person)
  const name = person.page.getByLabel('Name for this passkey')
  await name.fill('My phone '.repeat(9))
  await press(person.page, 'Create a passkey')
  await person.page.locator('.govuk-error-summary').waitFor()

  await name.fill('My phone')
  await press(person.page, 'Create a passkey')

  await assertHeading(person.page, 'Save your recovery codes')
  assert.equal((await device.passkeys()).length, 1)
  assertNoComplaints(person.page)
  await person.page.context().close()
})

test('a copy of a passkey is refused once the passkey went on without it', async () => {
  const person = await newPerson()
  const device = await setsUp(person, { isSynced: false })
  const thief = person.at(await newTab(browser))
  const copy = await Authenticator.of(thief.page, { isSynced: false })
  await copy.copies(device)
  await signsInAgain(person)
  await press(person.page, 'Use your passkey')
  assertBackAtTheService(person)

  await signsInAgain(thief)
  await press(thief.page, 'Use your passkey')

  await thief.page.locator('.govuk-error-summary').getByText('there may be a copy of it').waitFor()
  await thief.page.context().close()
  await person.page.context().close()
})

test('a person whose passkey does not work here signs in with a recovery code', async () => {
  const person = await newPerson()
  await isAskedToSetUp(person)
  await press(person.page, 'Create a passkey')
  const code = await person.page.locator('#recovery-codes li').first().innerText()
  await press(person.page, 'I have saved the codes')
  await press(person.page, 'Continue')

  const elsewhere = person.at(await newTab(browser, { javaScript: 'off' }))
  await signsInAgain(elsewhere)
  await press(elsewhere.page, 'Use a recovery code')
  await elsewhere.page.getByLabel('Recovery code', { exact: true }).fill(code)
  await press(elsewhere.page, 'Continue')

  assertBackAtTheService(elsewhere)
  await elsewhere.page.context().close()
  await person.page.context().close()
})

test('a person adds the passkey of another device in their account, and signs in with it', async () => {
  const person = await newPerson()
  const device = await addsAnotherPasskey(person, async work => {
    const page = await newTab(browser)
    await work(page)
    await page.context().close()
  })
  const rows = person.page.locator('.govuk-summary-list__key').filter({ hasText: /My laptop/ })
  assert.equal(await rows.count(), 1)
  assert.equal((await device.passkeys()).length, 1)

  await person.page.context().clearCookies()
  await person.asksForACode(REQUEST)
  await person.typesTheCode()
  await person.chooses('With a passkey')
  await press(person.page, 'Use your passkey')

  assertBackAtTheService(person)
  assertNoComplaints(person.page)
  await person.page.context().close()
})

test('without JavaScript a passkey is explained, and the app is what is offered', async () => {
  const person = await newPerson({ javaScript: 'off' })
  await person.createsAnAccount(REQUEST)

  await person.page.getByText('There is an easier way: a passkey').waitFor()
  assert.ok(!(await person.page.getByLabel('A passkey').isVisible()))
  await press(person.page, 'Set up an authenticator app')

  await assertHeading(person.page, 'Set up an authenticator app')
  await person.page.context().close()
})
