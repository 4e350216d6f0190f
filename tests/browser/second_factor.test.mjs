// A second factor from its first code to its last, with JavaScript and wholly without.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'

import { launch, newTab, press } from './browser.mjs'
import { CarefulPerson, carefulClients } from './careful_person.mjs'
import { assertNoComplaints } from './page_rules.mjs'
import { Provider } from './processes.mjs'
import { RelyingService } from './relying_service.mjs'

let browser, provider, service

before(async () => {
  service = await RelyingService.start()
  provider = await Provider.start({
    clients: [
      ...carefulClients(service),
      service.client({ client_id: 'apply', client_secret: 'a-secret-for-the-browser-tests', require_pkce: false }),
    ],
    settings: { limits: { sends_per_address: '20 per 15m' } },
  })
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await provider?.stop()
  await service?.stop()
})

function assertHeading(page, heading) {
  return page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
}

/** The browser is back at the service, which has a code. */
function assertArrived(page) {
  const url = new URL(page.url())
  assert.equal(url.origin, service.address)
  assert.ok(url.searchParams.get('code'), page.url())
}

for (const javaScript of ['on', 'off']) {
  describe(`with JavaScript ${javaScript}`, () => {
    const newPerson = async () => new CarefulPerson(await newTab(browser, { javaScript }), provider, service)

    /** The same person in a browser that has been nowhere. */
    const elsewhere = async person => person.at(await newTab(browser, { javaScript }))

    /** Somebody who has set an app up and saved the codes. */
    const carefulPerson = async () => {
      const person = await newPerson()
      await person.setsUpAnApp()
      await person.savesTheCodes()
      await assertHeading(person.page, 'Account created')
      await press(person.page, 'Continue')
      assertArrived(person.page)
      return person
    }

    test('who needs a second factor sets an app up, and gives its code from then on', async () => {
      const person = await newPerson()
      const { page } = person
      await person.choosesTheApp()
      await assertHeading(page, 'Set up an authenticator app')
      await page.getByRole('img', { name: /^QR code/ }).waitFor()
      await person.givesItsCode()
      await assertHeading(page, 'Save your recovery codes')
      assert.equal(await page.locator('#recovery-codes li').count(), 10)
      await person.savesTheCodes()
      await press(page, 'Continue')
      assertArrived(page)

      const later = await elsewhere(person)
      await later.provesTheAddress({ client_id: 'apply' })
      await assertHeading(later.page, 'Enter the code from your authenticator app')
      await later.types(later.app.wrongCode())
      await later.page.getByText('You have 4 tries left').first().waitFor()
      await later.givesItsCode()
      assertArrived(later.page)
      assertNoComplaints(page)
      assertNoComplaints(later.page)
    })

    test('the recovery codes can be downloaded, and each signs in once', async () => {
      const person = await newPerson()
      const { page } = person
      await person.setsUpAnApp()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download the codes' }).click(),
      ])
      assert.equal(download.suggestedFilename(), 'recovery-codes.txt')
      const file = await readFile(await download.path(), 'utf8')
      assert.deepEqual(file.split('\r\n').slice(-11, -1), person.codes)
      await person.savesTheCodes()

      const later = await elsewhere(person)
      await later.provesTheAddress({ client_id: 'two-factors' })
      await later.recoversWith(person.codes[0].toLowerCase().replaceAll('-', ' '))
      assertArrived(later.page)

      const again = await elsewhere(person)
      await again.provesTheAddress({ client_id: 'two-factors' })
      await again.recoversWith(person.codes[0])
      await again.page.getByText('you have used it before').first().waitFor()
      await again.typesARecoveryCode(person.codes[1])
      assertArrived(again.page)
    })

    test('what a service only recommends can wait', async () => {
      const person = await newPerson()
      await person.createsAnAccount({ acr_values: 'Cl.Cm' })
      await press(person.page, 'Not now')
      await press(person.page, 'Continue')
      assertArrived(person.page)

      await person.asksToSignIn({ client_id: 'two-factors' })
      await person.takesTheApp()
      await assertHeading(person.page, 'Set up an authenticator app')
      await person.givesItsCode()
      await person.savesTheCodes()
      assertArrived(person.page)
      assertNoComplaints(person.page)
    })

    test('Back, and the address of the page before, go round no second factor', async () => {
      const person = await carefulPerson()
      const thief = await elsewhere(person)
      await thief.provesTheAddress()
      await assertHeading(thief.page, 'Enter the code from your authenticator app')

      await thief.page.goBack()
      await thief.page.reload()
      await assertHeading(thief.page, 'Enter the code from your authenticator app')
      await thief.asksToSignIn()
      await assertHeading(thief.page, 'Enter your email address')
    })

    test('an app is replaced, and removed with the recovery codes', async () => {
      const person = await carefulPerson()
      const before = person.app
      const replacing = await elsewhere(person)
      await replacing.comesTo('Replace your authenticator app')
      await assertHeading(replacing.page, 'Set up an authenticator app')
      await replacing.takesTheApp()
      await replacing.givesItsCode()
      await replacing.page.waitForURL(/\/account\/second-factor/)

      const removing = await elsewhere(replacing)
      await removing.open('/account/second-factor')
      await removing.givesAddress()
      await removing.typesTheCode()
      await removing.types(before.at(Math.floor(Date.now() / 30_000)))
      await removing.page.getByText('The code you entered is not correct').first().waitFor()
      await removing.givesItsCode()
      await press(removing.page, 'Remove your authenticator app')
      await removing.recoversWith(person.codes[0])
      await assertHeading(removing.page, 'Are you sure you want to remove your authenticator app?')
      await press(removing.page, 'Yes, remove it')
      await removing.page.waitForURL(/\/account\/second-factor/)

      const later = await elsewhere(person)
      await later.provesTheAddress()
      assertArrived(later.page)
    })
  })
}

test('with JavaScript the key and the codes can be copied', async () => {
  const person = new CarefulPerson(await newTab(browser), provider, service)
  const { page } = person
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const copied = () => page.evaluate(() => navigator.clipboard.readText())

  await person.choosesTheApp()
  await page.getByRole('button', { name: 'Copy the key' }).click()
  await page.getByRole('status').getByText('Copied').waitFor()
  const key = await page.locator('#key').textContent()
  assert.equal(await copied(), key.replaceAll(' ', ''))

  await person.givesItsCode()
  await page.getByRole('button', { name: 'Copy the codes' }).click()
  await page.getByRole('status').getByText('Copied').waitFor()
  const codes = await page.locator('#recovery-codes li').allTextContents()
  assert.equal((await copied()).trim(), codes.map(code => code.trim()).join('\n'))
  assertNoComplaints(page)
})

test('an app is set up by keyboard alone', async () => {
  const person = new CarefulPerson(await newTab(browser), provider, service)
  const { page } = person
  await person.choosesTheApp()
  await page.getByRole('textbox', { name: 'Code', exact: true }).focus()
  await page.keyboard.type(await person.app.code())
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
  await assertHeading(page, 'Save your recovery codes')
  await page.getByRole('button', { name: 'I have saved the codes' }).focus()
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
  await assertHeading(page, 'Account created')
})
