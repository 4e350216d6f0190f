// People with two accounts, and people who lost an address, all the way: from the demo service and back.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { launch, newTab, press } from './browser.mjs'
import { assertNoComplaints } from './page_rules.mjs'
import { PEOPLE } from './person.mjs'
import { Demo, Provider } from './processes.mjs'
import { Teacher, choose, nobody } from './teacher.mjs'

const WANTS_A_TRN = 'A service that would like your TRN'

const FREEZE_LINK = /http\S+\/address-change\/freeze\/\S+/
const REFERENCE = /GAI-\w{4}-\w{4}/

for (const javaScript of ['on', 'off']) {
  describe(`with JavaScript ${javaScript}`, () => {
    let browser, demo, provider

    before(async () => {
      demo = await Demo.reserve()
      provider = await Provider.start({ clients: demo.clients, settings: { jobs: { poll: '100ms' } } })
      await provider.knowsTheSamples()
      await demo.start(provider)
      browser = await launch()
    })

    after(async () => {
      await browser?.close()
      await demo?.stop()
      await provider?.stop()
    })

    /** Somebody at a browser of their own. */
    async function somebody(said) {
      const teacher = new Teacher(await newTab(browser, { javaScript }), provider, demo)
      teacher.said = said
      return teacher
    }

    /** Somebody with a new account, who has just sent what they say of themselves. */
    async function newcomer(said) {
      const teacher = await somebody(said)
      await teacher.signsInAtTheDemo(WANTS_A_TRN)
      await teacher.answersUpTo('check-answers')
      return teacher
    }

    /** An account that was there before: its address, and by which `sub` services know it. */
    async function olderAccount(said) {
      const teacher = await newcomer(said)
      await teacher.goesOnToTheService()
      const sub = await teacher.told('sub')
      await leave(teacher)
      return { address: teacher.address, sub }
    }

    async function offersTheOlderAccount({ page }, heading, older) {
      await headed(page, heading)
      const shown = await page.content()
      assert.ok(shown.includes('****'), 'a redacted address is shown')
      assert.ok(!shown.includes(older.address), 'and not the address')
    }

    /** Reads the code in the other account's mailbox and types it. */
    async function provesTheOlderAccount(teacher, older) {
      await press(teacher.page, 'Send a code to this address')
      await headed(teacher.page, 'Check your email')
      const { code } = await provider.mailTo(older.address)
      await teacher.types(code)
      await headed(teacher.page, 'Which email address do you want to use?')
    }

    async function isAtTheDemo(teacher, { address, sub }) {
      assert.equal(new URL(teacher.page.url()).origin, demo.address)
      assert.equal(await teacher.told('email'), address)
      assert.equal(await teacher.told('sub'), sub)
    }

    test('whose record another account has, proves that one, keeps the new address, and can undo it from the old one', async () => {
      const older = await olderAccount(PEOPLE.benjamin)
      const teacher = await newcomer(PEOPLE.benjamin)
      const { page } = teacher
      await press(page, 'Save and continue')

      await offersTheOlderAccount(teacher, 'Your teaching record belongs to another account', older)
      await provesTheOlderAccount(teacher, older)
      await choose(page, teacher.address)
      await press(page, 'Continue')

      await isAtTheDemo(teacher, { address: teacher.address, sub: older.sub })
      assert.equal(await teacher.told('trn'), PEOPLE.benjamin.trn)

      const reader = await somebody()
      await reader.page.goto(await provider.findInMailTo(older.address, FREEZE_LINK))
      await headed(reader.page, 'Undo the change of your email address')
      await press(reader.page, 'Undo the change')
      await headed(reader.page, 'The change was stopped')

      await teacher.comesFromTheDemo(WANTS_A_TRN)
      await headed(page, 'Enter your email address')
      reader.address = older.address
      await reader.signsInAtTheDemo(WANTS_A_TRN)
      await isAtTheDemo(reader, older)
      await leave(teacher, reader)
    })

    test('whose name and birth date another account has, proves that one and keeps its address', async () => {
      const said = nobody()
      const older = await olderAccount(said)
      const teacher = await newcomer(said)
      const { page } = teacher
      await press(page, 'Save and continue')

      await offersTheOlderAccount(teacher, 'You may already have an account', older)
      await provesTheOlderAccount(teacher, older)
      await choose(page, older.address)
      await press(page, 'Continue')

      await isAtTheDemo(teacher, older)
      await leave(teacher)
    })

    test('who is somebody else of the same name and birth date goes on with an account of their own', async () => {
      const said = nobody()
      const older = await olderAccount(said)
      const teacher = await newcomer(said)
      const { page } = teacher
      await press(page, 'Save and continue')
      await headed(page, 'You may already have an account')

      await press(page, 'Continue without that account')
      await teacher.goesOn()

      assert.equal(await teacher.told('email'), teacher.address)
      assert.notEqual(await teacher.told('sub'), older.sub)
      await leave(teacher)
    })

    test('who cannot read the emails of the account that has their record gets a number, and goes on without it', async () => {
      const older = await olderAccount(PEOPLE.chinwe)
      const teacher = await newcomer(PEOPLE.chinwe)
      const { page } = teacher
      await press(page, 'Save and continue')

      await press(page, 'I cannot read emails sent there')
      await headed(page, 'We have your request')
      const reference = await referenceOn(page)
      await provider.findInMailTo(teacher.address, new RegExp(reference))
      assert.match(await provider.run('support', 'list'), new RegExp(`${reference}.*trn_in_use`))
      await teacher.goesOn()

      assert.equal(await teacher.told('email'), teacher.address)
      assert.notEqual(await teacher.told('sub'), older.sub)
      assert.equal(await teacher.told('trn_lookup_status'), 'Pending')
      await leave(teacher)
    })

    test('who lost their address gives staff a new one, and whoever reads the old one can stop the change', async () => {
      const older = await olderAccount(nobody())
      const teacher = await somebody()
      const { page } = teacher
      await teacher.comesFromTheDemo(WANTS_A_TRN)
      await teacher.givesAddress(older.address)

      await press(page, 'I can no longer use this email address')
      await headed(page, 'What email address can you use now?')
      teacher.address = older.address.replace('@', '-new@')
      await page.getByLabel('New email address').fill(teacher.address)
      await press(page, 'Continue')
      await headed(page, 'Check your email')
      await teacher.typesTheCode()
      await headed(page, 'Do you have an authenticator app or recovery codes for this account?')
      await press(page, 'I do not have either')
      await headed(page, 'We have your request')
      const reference = await referenceOn(page)
      await provider.findInMailTo(older.address, new RegExp(reference))
      await press(page, 'Go back to Demo service')
      await headed(page, 'You are not signed in')

      await provider.run('support', 'close', reference, '--apply-address')
      const reader = await somebody()
      await reader.page.goto(await provider.findInMailTo(older.address, FREEZE_LINK))
      await headed(reader.page, 'Stop the change of your email address')
      await press(reader.page, 'Stop the change')
      await headed(reader.page, 'The change was stopped')
      assert.match(await provider.run('support', 'list'), new RegExp(`${await referenceOn(reader.page)}.*change_frozen`))

      reader.address = older.address
      await reader.signsInAtTheDemo(WANTS_A_TRN)
      await isAtTheDemo(reader, older)
      await leave(teacher, reader)
    })
  })
}

function headed(page, text) {
  return page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor()
}

async function referenceOn(page) {
  const [reference] = (await page.locator('main').innerText()).match(REFERENCE)
  return reference
}

async function leave(...people) {
  for (const { page } of people) {
    assertNoComplaints(page)
    await page.context().close()
  }
}
