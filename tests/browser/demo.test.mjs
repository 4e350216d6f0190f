// The demo service as each kind of service that wants to know teachers.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { launch, newTab, press } from './browser.mjs'
import { assertAccessible, assertNoComplaints } from './page_rules.mjs'
import { PEOPLE, Person, stranger } from './person.mjs'
import { Demo, Provider } from './processes.mjs'

let browser, demo, provider

before(async () => {
  demo = await Demo.reserve()
  provider = await Provider.start({
    clients: demo.clients,
    settings: { jobs: { poll: '100ms' }, outbound: { allowed_hosts: ['localhost'] } },
  })
  await provider.knowsTheSamples()
  await demo.start(provider)
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await demo?.stop()
  await provider?.stop()
})

/** Somebody who gave an address, after choosing what kind of service the demo is. */
async function newcomerTo(kind) {
  const person = new Person(await newTab(browser), provider, demo)
  await person.signsInAtTheDemo(kind)
  return person
}

test('the start page offers every kind, and can be used by everybody', async () => {
  const page = await newTab(browser)
  await page.goto(demo.address)

  assert.equal(await page.getByRole('radio').count(), demo.clients.length)
  await assertAccessible(page)
  await page.context().close()
})

test('a TRN that was found is shown, and what its level means', async () => {
  const person = await newcomerTo('A service that needs your TRN')
  const { page } = person
  await person.saysWhoTheyAre(PEOPLE.ada)
  await person.givesNationalInsuranceNumber(PEOPLE.ada.number)
  await person.goesOnToTheService()

  await page.getByText('Your teaching record was found, and this service knows your TRN.').waitFor()
  await page.getByText('Level Low').waitFor()
  assert.equal(await person.told('trn'), PEOPLE.ada.trn)
  assert.equal(await person.told('trn_lookup_status'), 'Found')
  assert.equal(await person.told('name'), 'Ada Lovell')
  await assertAccessible(page)
  assertNoComplaints(page)

  await press(page, 'Sign out')
  await page.getByText('You are signed out here and at the provider').waitFor()
  await page.context().close()
})

test('who has no TRN is told that the service was not told one', async () => {
  for (const kind of [
    'A service that would like your TRN',
    'A service that needs your TRN, but lets you in while it is looked for',
  ]) {
    const person = await newcomerTo(kind)
    await person.saysWhoTheyAre(stranger())
    await person.hasNoNumbers()
    await person.goesOnToTheService()

    await person.page.getByText('No teaching record was found').waitFor()
    assert.equal(await person.told('trn_lookup_status'), 'None')
    await person.page.context().close()
  }
})

test('the service is told when staff find the TRN, and says so', async () => {
  const person = await newcomerTo('A service that needs your TRN, but lets you in while it is looked for')
  const { page } = person
  await person.saysWhoTheyAre(stranger())
  await person.chooses('No')
  await person.givesTrn('9999999')
  await person.chooses('No')
  await person.goesOnToTheService()
  await page.getByText('It is not decided yet which teaching record is yours').waitFor()

  const [reference] = (await provider.run('support', 'list')).match(/GAI-\S+/)
  await provider.run('support', 'close', reference, '--trn', PEOPLE.chinwe.trn)

  const news = page.getByText('Since then the provider has told this service that your status is Found')
  for (let reloads = 0; reloads < 100 && !(await news.count()); reloads += 1) {
    await page.reload()
  }
  assert.equal(await news.count(), 1)
  await page.goto(demo.address)
  await page.getByLabel('A service that needs your TRN, but lets you in').check()
  await press(page, 'Sign in')
  assert.equal(await person.told('trn'), PEOPLE.chinwe.trn)
  await page.getByText('Level Medium').waitFor()
  assert.equal(await news.count(), 0)
  assertNoComplaints(page)
  await page.context().close()
})

test('who has no TRN does not come in where one is needed', async () => {
  for (const [kind, numbers] of [
    ['A service that needs your TRN', person => person.hasNoNumbers()],
    ['A service that needs your TRN, and to be sure of it', async person => {
      await person.chooses('No')
      await person.chooses('No, or I do not know it')
    }],
  ]) {
    const person = await newcomerTo(kind)
    const { page } = person
    await person.saysWhoTheyAre(stranger())
    await numbers(person)
    await press(page, 'Save and continue')
    await page.getByRole('button', { name: /^Go back to Demo service/ }).click()

    await page.getByRole('heading', { name: 'You are not signed in' }).waitFor()
    await page.getByText('access_denied').waitFor()
    await page.getByText('No TRN of the person is known that this client may have.').waitFor()
    await assertAccessible(page)
    await page.context().close()
  }
})

test('a National Insurance number is shown to a service that may know it', async () => {
  const person = await newcomerTo('A service that asks for your National Insurance number')
  await person.givesNationalInsuranceNumber('MW 12 34 02 B')
  await person.goesOnToTheService()

  assert.equal(await person.told('ni_number'), 'MW123402B')
  await person.page.context().close()
})
