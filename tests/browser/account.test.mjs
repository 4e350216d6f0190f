// People at their own account: what they see of it, and how they change their second step.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { opensTheirAccount, setsUpAnApp } from './account_area_states.mjs'
import { launch, newTab, press } from './browser.mjs'
import { assertNoComplaints } from './page_rules.mjs'
import { Person } from './person.mjs'
import { Provider } from './processes.mjs'

for (const javaScript of ['on', 'off']) {
  describe(`with JavaScript ${javaScript}`, () => {
    let browser, provider

    before(async () => {
      provider = await Provider.start({ clients: [], settings: { jobs: { poll: '100ms' } } })
      browser = await launch()
    })

    after(async () => {
      await browser?.close()
      await provider?.stop()
    })

    async function somebody() {
      return new Person(await newTab(browser, { javaScript }), provider)
    }

    test('a person adds an app, signs out, signs in with it, and removes it with a recovery code', async () => {
      const person = await somebody()
      const { page } = person

      await opensTheirAccount(person)
      await headed(page, 'Your account')
      await page.getByText(person.address).waitFor()
      await press(page, 'Add a second step')
      const { app, codes } = await setsUpAnApp(person)
      assert.equal(codes.length, 10)
      await headed(page, 'Second step when you sign in')
      await tells(page, 'Your authenticator app is set up')

      await press(page, 'Sign out')
      await headed(page, 'Do you want to sign out?')
      await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click()
      await headed(page, 'You have signed out')

      await person.open('/account')
      await person.givesAddress()
      await person.typesTheCode()
      await headed(page, 'Enter the code from your authenticator app')
      await page.getByLabel('Code', { exact: true }).fill(await app.code())
      await press(page, 'Continue')
      await headed(page, 'Your account')
      await press(page, 'Change your second step')

      await press(page, 'Remove your authenticator app')
      await headed(page, 'Enter the code from your authenticator app')
      await press(page, 'Use a recovery code')
      await page.getByLabel('Recovery code', { exact: true }).fill(codes[0])
      await press(page, 'Continue')
      await press(page, 'Yes, remove it')
      await tells(page, 'Your authenticator app has been removed')
      await page.getByText('Off', { exact: true }).waitFor()
      assertNoComplaints(page)
      await page.context().close()
    })

    test('a person gets new recovery codes, and the old ones no longer work', async () => {
      const person = await somebody()
      const { page } = person
      await opensTheirAccount(person)
      await press(page, 'Add a second step')
      const { app, codes } = await setsUpAnApp(person)

      await press(page, 'Get new recovery codes')
      await page.getByLabel('Code', { exact: true }).fill(await app.code())
      await press(page, 'Continue')
      await press(page, 'Get new codes')
      const fresh = await page.locator('#recovery-codes li').allInnerTexts()
      await press(page, 'I have saved the codes')

      await tells(page, 'You have new recovery codes')
      assert.equal(fresh.length, 10)
      assert.ok(fresh.every(code => !codes.includes(code)))
      assertNoComplaints(page)
      await page.context().close()
    })

    test('a person who gives up a change is back where they were, and nothing has changed', async () => {
      const person = await somebody()
      const { page } = person
      await opensTheirAccount(person)
      await press(page, 'Add a second step')

      await press(page, 'Set up an authenticator app')
      await press(page, 'Cancel and go back to Get an identity account')

      await headed(page, 'Second step when you sign in')
      await page.getByText('Off', { exact: true }).waitFor()
      assert.equal(await page.getByRole('alert').count(), 0)
      assertNoComplaints(page)
      await page.context().close()
    })

    test('a link from outside leads to a page with a button, and removes nothing', async () => {
      const person = await somebody()
      const { page } = person
      await opensTheirAccount(person)
      await press(page, 'Add a second step')
      await setsUpAnApp(person)

      await person.open('/account/second-factor/change?action=remove_app')
      await headed(page, 'Enter the code from your authenticator app')

      await person.open('/account/second-factor')
      await page.getByText('On', { exact: true }).waitFor()
      assertNoComplaints(page)
      await page.context().close()
    })
  })
}

function headed(page, heading) {
  return page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
}

function tells(page, news) {
  return page.getByRole('alert').getByText(news).waitFor()
}
