// Whole sign-ins through the demo service, as a person sees them.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { launch, newTab, press } from './browser.mjs'
import { assertNoComplaints } from './page_rules.mjs'
import { Person } from './person.mjs'
import { Demo, Provider } from './processes.mjs'

let browser, demo, provider

before(async () => {
  demo = await Demo.reserve()
  provider = await Provider.start({ clients: [demo.client] })
  await demo.start(provider)
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await demo?.stop()
  await provider?.stop()
})

async function pressSignInAtTheDemo(page) {
  await page.goto(demo.address)
  await press(page, 'Sign in')
}

function assertHeading(page, heading) {
  return page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
}

for (const javaScript of ['on', 'off']) {
  describe(`with JavaScript ${javaScript}`, () => {
    test('a person creates an account with the code, comes back silently, and signs out', async () => {
      const page = await newTab(browser, { javaScript })
      const person = new Person(page, provider, demo)

      await pressSignInAtTheDemo(page)
      await assertHeading(page, 'Enter your email address')
      await page.getByText('Demo service uses Get an identity').waitFor()
      await person.givesAddress()
      await assertHeading(page, 'Check your email')
      await person.typesTheCode()
      await assertHeading(page, 'Account created')
      await press(page, 'Continue')
      await assertHeading(page, `You are signed in as ${person.address}`)
      assert.equal(page.url(), `${demo.address}/claims`)

      await pressSignInAtTheDemo(page)
      await assertHeading(page, `You are signed in as ${person.address}`)

      await press(page, 'Sign out')
      await assertHeading(page, 'You are signed out')
      await page.getByText('You are signed out here and at the provider').waitFor()

      await pressSignInAtTheDemo(page)
      await assertHeading(page, 'Enter your email address')
      assertNoComplaints(page)
      await page.context().close()
    })

    test('a person who has an account signs in with the link, and sees two pages', async () => {
      const page = await newTab(browser, { javaScript })
      const person = new Person(page, provider, demo)
      await pressSignInAtTheDemo(page)
      await person.givesAddress()
      await person.typesTheCode()
      await press(page, 'Continue')
      await page.context().clearCookies()

      await pressSignInAtTheDemo(page)
      await person.givesAddress()
      const { link } = await person.mail()
      await page.goto(link)
      await assertHeading(page, 'Sign in to Demo service')
      await press(page, 'Sign in')

      await assertHeading(page, `You are signed in as ${person.address}`)
      assertNoComplaints(page)
      await page.context().close()
    })

    test('opening the link does not sign in, and the code still works', async () => {
      const page = await newTab(browser, { javaScript })
      const scanner = await newTab(browser, { javaScript })
      const person = new Person(page, provider, demo)
      await pressSignInAtTheDemo(page)
      await person.givesAddress()
      const { link } = await person.mail()

      await scanner.goto(link)
      await assertHeading(scanner, 'Go back to where you started')
      assert.equal(await scanner.locator('form').count(), 0)

      await person.typesTheCode()
      await assertHeading(page, 'Account created')
      assertNoComplaints(page)
      await page.context().close()
      await scanner.context().close()
    })

    test('a school address is warned about, kept, and then changed after all', async () => {
      const page = await newTab(browser, { javaScript })
      const person = new Person(page, provider, demo)
      const school = `ada-${javaScript}@st-marys.camden.sch.uk`

      await pressSignInAtTheDemo(page)
      await person.givesAddress(school)
      await press(page, 'Use this one anyway')
      await page.getByText(`We have sent an email to ${school}`).waitFor()
      const { code } = await person.mail()

      await press(page, 'Use another email address')
      await person.givesAddress(`ada-${javaScript}@example.com`)
      await person.types(code)
      await page.locator('.govuk-error-summary').getByText('The code you entered is not correct').waitFor()
      await person.typesTheCode()
      await press(page, 'Continue')

      await assertHeading(page, `You are signed in as ada-${javaScript}@example.com`)
      assertNoComplaints(page)
      await page.context().close()
    })

    test('a person who cancels is back at the service, which knows', async () => {
      const page = await newTab(browser, { javaScript })
      await pressSignInAtTheDemo(page)

      await press(page, 'Cancel and go back to Demo service')

      await assertHeading(page, 'You are not signed in')
      await page.getByText('access_denied').waitFor()
      assertNoComplaints(page)
      await page.context().close()
    })

    test('Back after signing in is no dead end', async () => {
      const page = await newTab(browser, { javaScript })
      const person = new Person(page, provider, demo)
      await pressSignInAtTheDemo(page)
      await person.givesAddress()
      await person.typesTheCode()
      const accountCreated = page.url()
      await press(page, 'Continue')

      await page.goto(accountCreated)

      assert.equal(new URL(page.url()).origin, demo.address)
      assertNoComplaints(page)
      await page.context().close()
    })
  })
}

test('a whole sign-in needs no more than a keyboard', async () => {
  const page = await newTab(browser)
  const person = new Person(page, provider, demo)
  await page.goto(demo.address)

  await tabTo(page, 'Sign in')
  await pressEnter(page)
  await tabTo(page, 'Continue')
  await page.keyboard.press('Shift+Tab')
  assert.equal(await focusedName(page), 'Email address')
  await page.keyboard.type(person.address)
  await pressEnter(page)
  await assertHeading(page, 'Check your email')
  await tabTo(page, 'Code')
  await pressEnter(page)
  await page.keyboard.press('Tab')
  assert.equal(await focusedName(page), 'Enter the code from the email')
  await page.keyboard.press('Enter')
  assert.equal(await focusedName(page), 'Code')
  const { code } = await person.mail()
  await page.keyboard.type(`${code.slice(0, 3)} ${code.slice(3)}`)
  await tabTo(page, 'Continue')
  await pressEnter(page)
  await assertHeading(page, 'Account created')
  await tabTo(page, 'Continue')
  await pressEnter(page)
  await assertHeading(page, `You are signed in as ${person.address}`)

  await tabTo(page, 'Sign out')
  await pressEnter(page)
  await assertHeading(page, 'You are signed out')
  assertNoComplaints(page)
  await page.context().close()
})

test('pressing a button twice sends one email', async () => {
  const page = await newTab(browser)
  const person = new Person(page, provider, demo)
  await pressSignInAtTheDemo(page)

  await page.getByLabel('Email address').fill(person.address)
  await page.getByRole('button', { name: 'Continue' }).dblclick()
  await assertHeading(page, 'Check your email')

  const mails = await fetch(provider.url('/dev/mailbox.json')).then(response => response.json())
  assert.equal(mails.filter(({ to }) => to === person.address).length, 1)
  await page.context().close()
})

async function pressEnter(page) {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
}

/** Presses Tab until a control has the focus. */
async function tabTo(page, name) {
  for (let pressed = 0; pressed < 20; pressed += 1) {
    await page.keyboard.press('Tab')
    if ((await focusedName(page)) === name) {
      return
    }
  }
  assert.fail(`Tab does not lead to ${name}`)
}

function focusedName(page) {
  return page.evaluate(() => {
    const { labels, innerText } = document.activeElement
    return labels?.[0]?.innerText ?? innerText
  })
}
