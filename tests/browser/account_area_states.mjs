// The pages of a person's own account in every state: see pages.test.mjs.

import { AuthenticatorApp } from './authenticator_app.mjs'
import { press } from './browser.mjs'

const PRODUCT = 'Get an identity'
const SECOND_STEP = 'Second step when you sign in'

/** A person who came to their account first, and made it by that. */
export async function opensTheirAccount(person) {
  await person.open('/account')
  await person.givesAddress()
  await person.typesTheCode()
  await press(person.page, 'Continue')
}

/** Sets up an app from the account; the app, and the recovery codes that were shown. */
export async function setsUpAnApp(person) {
  const { page } = person
  await press(page, 'Set up an authenticator app')
  const app = new AuthenticatorApp(await page.locator('#key').innerText())
  await page.getByLabel('Code', { exact: true }).fill(await app.code())
  await press(page, 'Continue')
  const codes = await page.locator('#recovery-codes li').allInnerTexts()
  await press(page, 'I have saved the codes')
  return { app, codes }
}

async function opensTheirSecondStep(person) {
  await opensTheirAccount(person)
  await press(person.page, 'Add a second step')
}

/** A person who agreed to share with somebody else's service, and looks at what they share. */
export async function seesWhatTheyShare(person) {
  await person.asksForACode({ client_id: 'classroom-app', scope: 'openid email offline_access' })
  await person.typesTheCode()
  await press(person.page, 'Agree and continue')
  await person.goesOn()
  await person.open('/account')
  await press(person.page, 'See the services that you share with')
}

export const ACCOUNT_AREA_STATES = {
  'account-services-none': {
    heading: 'Services that you share with',
    service: PRODUCT,
    async reach(person) {
      await opensTheirAccount(person)
      await person.open('/account/services')
    },
  },
  'account-services': {
    heading: 'Services that you share with',
    service: PRODUCT,
    reach: seesWhatTheyShare,
  },
  'account-stop-sharing': {
    heading: 'Stop sharing with Classroom app?',
    service: PRODUCT,
    async reach(person) {
      await seesWhatTheyShare(person)
      await press(person.page, 'Stop sharing with Classroom app')
    },
  },
  'account-sharing-stopped': {
    heading: 'Services that you share with',
    service: PRODUCT,
    async reach(person) {
      await seesWhatTheyShare(person)
      await press(person.page, 'Stop sharing with Classroom app')
      await press(person.page, 'Stop sharing')
      await person.page.getByRole('alert').getByText('You have stopped sharing').waitFor()
      await person.page.getByText('No service can see your information').waitFor()
    },
  },
  'account-go-to-service': {
    heading: 'Go to Classroom app',
    service: PRODUCT,
    reach: person => person.open('/account/services/open?client_id=classroom-app'),
  },
  account: {
    heading: 'Your account',
    service: PRODUCT,
    reach: opensTheirAccount,
  },
  'account-second-step-off': {
    heading: SECOND_STEP,
    service: PRODUCT,
    reach: opensTheirSecondStep,
  },
  'account-second-step-set-up': {
    heading: SECOND_STEP,
    service: PRODUCT,
    async reach(person) {
      await opensTheirSecondStep(person)
      await setsUpAnApp(person)
      await person.page.getByRole('alert').getByText('Your authenticator app is set up').waitFor()
      await person.page.getByText('You have 10 recovery codes left').waitFor()
    },
  },
  'account-on': {
    heading: 'Your account',
    service: PRODUCT,
    async reach(person) {
      await opensTheirSecondStep(person)
      await setsUpAnApp(person)
      await press(person.page, 'Back')
    },
  },
  'account-not-from-here': {
    heading: 'We cannot continue from this page',
    service: PRODUCT,
    status: 400,
    async reach(person) {
      await opensTheirAccount(person)
      await person.open('/account/signed-in?code=somebody-elses&state=forged')
    },
  },
  'account-not-signed-in': {
    heading: 'You have not signed in',
    service: PRODUCT,
    async reach(person) {
      await person.open('/account')
      await press(person.page, `Cancel and go back to ${PRODUCT} account`)
    },
  },
}
