// Every page that a person can come to, in every state it can be in, with JavaScript and without.

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { launch, newTab, press } from './browser.mjs'
import {
  assertAccessible,
  assertErrorSummary,
  assertNoComplaints,
  assertTitled,
  assertUsableByKeyboard,
  assertUsableInForcedColours,
} from './page_rules.mjs'
import { ACCOUNT_AREA_STATES } from './account_area_states.mjs'
import { ACCOUNTS_STATES } from './accounts_states.mjs'
import { carefulClients } from './careful_person.mjs'
import { DETAILS_STATES, teacherClients } from './details_states.mjs'
import { DEVELOPERS_STATES } from './developers_states.mjs'
import { PASSKEYS_STATES, passkeyClients } from './passkeys_states.mjs'
import { Person } from './person.mjs'
import { Provider, freePort } from './processes.mjs'
import { RelyingService } from './relying_service.mjs'
import { SECOND_FACTOR_STATES } from './second_factor_states.mjs'

const SERVICE = 'Apply for a qualification'
const PRODUCT = 'Get an identity'

const emailError = message => ({ field: 'email', message })
const codeError = message => ({ field: 'code', message })

/** Types something in place of the code that was sent. */
const typing = code => async person => {
  await person.asksForACode()
  await person.types(code)
}

const exhaustsTheirTries = async person => {
  for (let tries = 0; tries < 5; tries += 1) {
    await person.typesAWrongCode()
  }
}

/**
 * Each state: the page's `heading`, the `service` in its title, its `status`, the `error` it shows,
 * the only `javaScript` it is seen with, and how a person gets there.
 */
const STATES = {
  email: {
    heading: 'Enter your email address',
    reach: person => person.asksToSignIn(),
  },
  'email-prefilled': {
    heading: 'Enter your email address',
    async reach(person) {
      await person.asksToSignIn({ login_hint: person.address })
      assert.equal(await person.page.getByLabel('Email address').inputValue(), person.address)
    },
  },
  'email-empty': {
    heading: 'Enter your email address',
    status: 400,
    error: emailError('Enter your email address'),
    async reach(person) {
      await person.asksToSignIn()
      await person.givesAddress('')
    },
  },
  'email-malformed': {
    heading: 'Enter your email address',
    status: 400,
    error: emailError('Enter an email address in the correct format, like name@example.com'),
    async reach(person) {
      await person.asksToSignIn()
      await person.givesAddress('ada at school')
      assert.equal(await person.page.getByLabel('Email address').inputValue(), 'ada at school')
    },
  },
  'school-address': {
    heading: 'Are you sure you want to use a work or school email address?',
    async reach(person) {
      await person.asksToSignIn()
      await person.givesAddress('ada.lovelace@st-marys.camden.sch.uk')
    },
  },
  'shared-address': {
    heading: 'Are you sure you want to use a shared email address?',
    async reach(person) {
      await person.asksToSignIn()
      await person.givesAddress('office@st-marys.example')
    },
  },
  code: {
    heading: 'Check your email',
    reach: person => person.asksForACode(),
  },
  'code-empty': {
    heading: 'Check your email',
    status: 400,
    error: codeError('Enter the code from the email'),
    reach: typing(''),
  },
  'code-not-numbers': {
    heading: 'Check your email',
    status: 400,
    error: codeError('The code must only include numbers'),
    reach: typing('12345O'),
  },
  'code-too-short': {
    heading: 'Check your email',
    status: 400,
    error: codeError('You have not entered enough numbers, the code must be 6 numbers'),
    reach: typing('123'),
  },
  'code-too-long': {
    heading: 'Check your email',
    status: 400,
    error: codeError('You have entered too many numbers, the code must be 6 numbers'),
    reach: typing('1234567'),
  },
  'code-wrong': {
    heading: 'Check your email',
    status: 400,
    error: codeError(
      'The code you entered is not correct, check the email and enter it again. You have 4 tries left',
    ),
    async reach(person) {
      await person.asksForACode()
      await person.typesAWrongCode()
    },
  },
  'code-sent-again': {
    heading: 'Check your email',
    async reach(person) {
      await person.asksForACode()
      await press(person.page, 'Send another code')
      await person.page.getByRole('alert').getByText('We have sent you another code').waitFor()
    },
  },
  'new-code-needed': {
    heading: 'You need a new code',
    status: 400,
    async reach(person) {
      await person.asksForACode()
      await exhaustsTheirTries(person)
    },
  },
  'too-many-tries': {
    heading: 'You have tried too many codes',
    status: 429,
    async reach(person) {
      await person.asksForACode()
      await exhaustsTheirTries(person)
      await press(person.page, 'Send another code')
      await person.typesAWrongCode()
      await person.typesAWrongCode()
    },
  },
  'too-many-codes': {
    heading: 'You have asked for too many codes',
    status: 429,
    async reach(person) {
      await person.asksForACode()
      for (let sent = 1; sent <= 5; sent += 1) {
        await press(person.page, 'Send another code')
      }
      await person.page.getByRole('link', { name: 'enter the code in it' }).waitFor()
    },
  },
  link: {
    heading: `Sign in to ${SERVICE}`,
    async reach(person) {
      await person.asksForACode()
      const { link } = await person.mail()
      await person.page.goto(link)
    },
  },
  'link-in-another-browser': {
    heading: 'Go back to where you started',
    service: PRODUCT,
    status: 403,
    async reach(person, elsewhere) {
      await elsewhere(async other => {
        await person.at(other).asksForACode()
      })
      const { link } = await person.mail()
      await person.page.goto(link)
    },
  },
  'link-used': {
    heading: 'This link no longer works',
    service: PRODUCT,
    status: 410,
    async reach(person) {
      await person.createsAnAccount()
      const { link } = await person.mail()
      await person.page.goto(link)
    },
  },
  'account-created': {
    heading: 'Account created',
    reach: person => person.createsAnAccount(),
  },
  'select-account': {
    heading: 'Choose the account to use',
    async reach(person) {
      await person.signsInForTheFirstTime()
      await person.asksToSignIn({ prompt: 'select_account' })
    },
  },
  consent: {
    heading: 'Share your information with Classroom app',
    service: 'Classroom app',
    async reach(person) {
      const client_id = 'classroom-app'
      await person.asksForACode({ client_id, scope: 'openid email profile offline_access', prompt: 'consent' })
      await person.typesTheCode()
      await person.page.locator('img.app-service-logo').waitFor()
    },
  },
  'response-by-form': {
    heading: `Continue to ${SERVICE}`,
    javaScript: 'off',
    async reach(person) {
      await person.signsInForTheFirstTime()
      await person.asksToSignIn({ response_mode: 'form_post' })
    },
  },
  'sign-out': {
    heading: 'Do you want to sign out?',
    service: PRODUCT,
    async reach(person) {
      await person.signsInForTheFirstTime()
      await person.open('/end-session?client_id=apply')
    },
  },
  'signed-out': {
    heading: 'You have signed out',
    service: PRODUCT,
    async reach(person) {
      await person.signsInForTheFirstTime()
      await person.open('/end-session?client_id=apply')
      await press(person.page, 'Sign out')
    },
  },
  'stayed-signed-in': {
    heading: 'You are still signed in',
    service: PRODUCT,
    async reach(person) {
      await person.signsInForTheFirstTime()
      await person.open('/end-session?client_id=apply')
      await press(person.page, 'Stay signed in')
    },
  },
  'authorize-error': {
    heading: 'You cannot sign in from this link',
    service: PRODUCT,
    status: 400,
    reach: person => person.asksToSignIn({ redirect_uri: 'https://evil.example/' }),
  },
  'sign-in-timed-out': {
    heading: 'Your sign-in has timed out',
    service: PRODUCT,
    status: 400,
    async reach(person) {
      await person.asksToSignIn()
      await person.open('/sign-in/email?i=01900000-0000-7000-8000-000000000000')
    },
  },
  'sign-in-of-another-browser': {
    heading: 'We cannot continue your sign-in in this browser',
    service: PRODUCT,
    status: 403,
    async reach(person, elsewhere) {
      let begun
      await elsewhere(async other => {
        await person.at(other).asksToSignIn()
        begun = other.url()
      })
      await person.asksToSignIn()
      await person.page.goto(begun)
    },
  },
  'form-no-longer-valid': {
    heading: 'This form can no longer be sent',
    service: PRODUCT,
    status: 403,
    async reach(person) {
      await person.asksToSignIn()
      await person.page.locator('input[name=csrf]').evaluate(input => (input.value = 'stale'))
      await person.givesAddress()
    },
  },
  'cookies-off': {
    heading: 'Turn on cookies to sign in',
    service: PRODUCT,
    status: 400,
    async reach(person) {
      await person.asksToSignIn()
      const begun = person.page.url()
      await person.page.context().clearCookies()
      await person.page.goto(begun)
    },
  },
  'bad-request': {
    heading: 'We could not understand that request',
    service: PRODUCT,
    status: 400,
    reach: person => person.open('/end-session?id_token_hint=forged'),
  },
  'not-found': {
    heading: 'Page not found',
    service: PRODUCT,
    status: 404,
    reach: person => person.open('/nowhere'),
  },
  cookies: {
    heading: 'Cookies',
    service: PRODUCT,
    reach: person => person.open('/cookies'),
  },
  privacy: {
    heading: 'Privacy',
    service: PRODUCT,
    reach: person => person.open('/privacy'),
  },
  accessibility: {
    heading: 'Accessibility statement',
    service: PRODUCT,
    reach: person => person.open('/accessibility'),
  },
  mailbox: {
    heading: 'Development mailbox',
    service: PRODUCT,
    async reach(person) {
      await person.asksForACode()
      await person.open('/dev/mailbox')
    },
  },
  mail: {
    async reach(person) {
      await person.asksForACode()
      const { id, code } = await person.mail()
      await person.open(`/dev/mailbox/${id}`)
      return { heading: `${code} is your code to sign in to ${SERVICE}`, service: PRODUCT }
    },
  },
}

describe('every page', { concurrency: 2 }, () => {
  for (const javaScript of ['on', 'off']) {
    describe(`with JavaScript ${javaScript}`, () => {
      let provider, service, browser

      before(async () => {
        service = await RelyingService.start()
        provider = await Provider.start({
          clients: [
            ...teacherClients(service),
            ...carefulClients(service),
            ...passkeyClients(service),
            service.client({ client_id: 'apply', client_secret: 'a-secret-for-the-browser-tests', require_pkce: false }),
            service.client({
              client_id: 'classroom-app',
              client_name: 'Classroom app',
              client_secret: 'a-secret-for-the-browser-tests',
              require_pkce: false,
              consent: 'ask',
              grant_types: ['authorization_code', 'refresh_token'],
              scope: 'email offline_access openid profile',
              ...service.links,
            }),
          ],
          settings: {
            limits: { tries_per_address: '6 per 24h', sends_per_client_address: '1000 per 1h' },
            jobs: { poll: '100ms' },
          },
        })
        await provider.knowsTheSamples()
        browser = await launch()
      })

      after(async () => {
        await browser?.close()
        await provider?.stop()
        await service?.stop()
      })

      const all = Object.entries({
        ...STATES,
        ...DETAILS_STATES,
        ...ACCOUNTS_STATES,
        ...ACCOUNT_AREA_STATES,
        ...DEVELOPERS_STATES,
        ...SECOND_FACTOR_STATES,
        ...PASSKEYS_STATES,
      })
      const states = all.filter(([, state]) => (state.javaScript ?? javaScript) === javaScript)
      for (const [name, state] of states) {
        test(name, { timeout: 60_000 }, async () => {
          const page = await newTab(browser, { javaScript })
          const person = new Person(page, provider, service)

          const found = await state.reach(person, work => elsewhere(browser, work))

          const expected = { service: SERVICE, status: 200, ...state, ...found }
          await assertPage(page, expected, javaScript)
          await photograph(page, name, javaScript)
          await page.context().close()
        })
      }
    })
  }
})

describe('when no email can be sent', () => {
  let provider, service, browser

  before(async () => {
    service = await RelyingService.start()
    const port = await freePort()
    provider = await Provider.start({
      clients: [service.client({ client_id: 'apply', client_secret: 'a-secret-for-the-browser-tests', require_pkce: false })],
      settings: {
        mail: { adapter: 'smtp', smtp: { host: '127.0.0.1', port, tls: 'none', from: 'no-reply@identity.example' } },
      },
    })
    browser = await launch()
  })

  after(async () => {
    await browser?.close()
    await provider?.stop()
    await service?.stop()
  })

  test('the person is told and can try again', async () => {
    const page = await newTab(browser)
    await new Person(page, provider, service).asksForACode()

    await assertPage(page, { heading: 'We could not send your email', service: SERVICE, status: 503 }, 'on')
    await photograph(page, 'code-not-sent', 'on')
    await press(page, 'Try again')
    await assertTitled(page, { heading: 'We could not send your email', service: SERVICE })
  })
})

async function elsewhere(browser, work) {
  const page = await newTab(browser)
  await work(page)
  await page.context().close()
}

async function assertPage(page, expected, javaScript) {
  assert.equal(page.status, expected.status, 'status')
  await assertTitled(page, expected)
  await assertAccessible(page)
  if (expected.error) {
    await assertErrorSummary(page, expected.error, { javaScript })
  }
  if (javaScript === 'on') {
    await assertUsableByKeyboard(page)
  } else {
    await assertUsableInForcedColours(page)
  }
  assertNoComplaints(page)
}

/** Keeps pictures for people to look at, in the folder that SCREENSHOTS names. */
async function photograph(page, name, javaScript) {
  const folder = process.env.SCREENSHOTS
  if (!folder || (javaScript === 'off' && name !== 'response-by-form')) {
    return
  }
  await mkdir(folder, { recursive: true })
  await page.evaluate(() => document.activeElement?.blur())
  await page.screenshot({ path: join(folder, `${name}-1280.png`), fullPage: true })
  await page.setViewportSize({ width: 320, height: 640 })
  await page.screenshot({ path: join(folder, `${name}-320.png`), fullPage: true })
}
