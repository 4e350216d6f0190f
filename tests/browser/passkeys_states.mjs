// The pages about passkeys in every state: see pages.test.mjs.

import { Authenticator } from './authenticator.mjs'
import { AuthenticatorApp } from './authenticator_app.mjs'
import { press } from './browser.mjs'

/** A service that needs a second step of everybody. */
export const passkeyClients = service => [
  service.client({
    client_id: 'two-steps',
    client_secret: 'a-secret-for-the-browser-tests',
    require_pkce: false,
    minimum_acr: 'Cl.Cm',
  }),
]

const SET_UP = 'Set up a passkey'
const GIVE = 'Use your passkey'
const CHOICE = 'How do you want to finish signing in?'

/** Only comes there. */
const by = reach => async (person, elsewhere) => {
  await reach(person, elsewhere)
}

/** A person at the page for their first passkey, with a device for it. */
export async function isAskedToSetUp(person, settings) {
  const device = await Authenticator.of(person.page, settings)
  await person.createsAnAccount({ client_id: 'two-steps' })
  await person.chooses('A passkey')
  return device
}

/** A person who has just come back to the service with their first passkey. */
export async function setsUp(person, settings) {
  const device = await isAskedToSetUp(person, settings)
  await press(person.page, 'Create a passkey')
  person.codes = await person.page.locator('#recovery-codes li').allInnerTexts()
  await press(person.page, 'I have saved the codes')
  await press(person.page, 'Continue')
  return device
}

/** The same person adds an app in their account; gives it. */
async function addsAnApp(person) {
  await person.open('/account/second-factor')
  await press(person.page, 'Set up an authenticator app')
  await press(person.page, 'Use your passkey')
  const app = new AuthenticatorApp(await person.page.locator('#key').innerText())
  await person.types(await app.code())
  await person.page.getByRole('alert').getByText('Your authenticator app is set up').waitFor()
  return app
}

/** Who has set up both ways in another browser, and is asked in this one; gives app and codes. */
export async function hasBothAndIsAsked(person, elsewhere, reach = () => person.asksForACode({ client_id: 'two-steps' })) {
  let app, codes
  await elsewhere(async page => {
    const there = person.at(page)
    await setsUp(there)
    app = await addsAnApp(there)
    codes = there.codes
  })
  await reach()
  await person.typesTheCode()
  return { app, codes }
}

/**
 * Adds a passkey of this browser's device, from the account of who has set up both ways in
 * another; gives the device.
 */
export async function addsAnotherPasskey(person, elsewhere) {
  const { app, codes } = await hasBothAndIsAsked(person, elsewhere, async () => {
    await person.open('/account/second-factor')
    await person.givesAddress()
  })
  const device = await Authenticator.of(person.page)
  await person.chooses('With a recovery code')
  await person.page.getByLabel('Recovery code', { exact: true }).fill(codes[0])
  await press(person.page, 'Continue')
  await press(person.page, 'Add another passkey')
  await person.chooses('With an authenticator app')
  await person.types(await app.code())
  await person.page.getByLabel('Name for this passkey').fill('My laptop')
  await press(person.page, 'Create a passkey')
  await person.page.getByRole('alert').getByText('Your passkey is set up').waitFor()
  return device
}

/** The person in another tab, at the page for the passkey that they have set up in this one. */
async function isAskedInAnotherTab(person, elsewhere) {
  await elsewhere(page => setsUp(person.at(page)))
  await person.asksForACode({ client_id: 'two-steps' })
  await person.typesTheCode()
}

const passkeyError = message => ({ field: 'passkey', message })

export const PASSKEYS_STATES = {
  'set-up-passkey': {
    heading: SET_UP,
    javaScript: 'on',
    reach: async person => {
      await isAskedToSetUp(person)
    },
  },
  'set-up-passkey-without-javascript': {
    heading: SET_UP,
    javaScript: 'off',
    async reach(person) {
      await person.createsAnAccount({ client_id: 'two-steps' })
      const { searchParams } = new URL(person.page.url())
      await person.open(`/second-factor/set-up-passkey?i=${searchParams.get('i')}`)
      await person.page.getByText('It needs a browser that can use passkeys, with JavaScript turned on').waitFor()
    },
  },
  'set-up-passkey-cancelled': {
    heading: SET_UP,
    javaScript: 'on',
    status: 400,
    error: passkeyError('Your passkey was not created. Try again, and follow the steps that your browser shows'),
    async reach(person) {
      const device = await isAskedToSetUp(person)
      await device.isCancelled()
      await person.page.getByLabel('Name for this passkey').fill('My phone')
      await press(person.page, 'Create a passkey')
    },
  },
  'set-up-passkey-name-too-long': {
    heading: SET_UP,
    javaScript: 'on',
    status: 400,
    error: { field: 'passkey-name', message: 'Name for this passkey must be 60 characters or less' },
    async reach(person) {
      await isAskedToSetUp(person)
      await person.page.getByLabel('Name for this passkey').fill('My phone '.repeat(9))
      await press(person.page, 'Create a passkey')
    },
  },
  'second-step-to-give': {
    heading: CHOICE,
    reach: by(hasBothAndIsAsked),
  },
  'second-step-to-give-empty': {
    heading: CHOICE,
    status: 400,
    error: { field: 'way', message: 'Select what you want to use' },
    async reach(person, elsewhere) {
      await hasBothAndIsAsked(person, elsewhere)
      await press(person.page, 'Continue')
    },
  },
  'account-second-step-several': {
    heading: 'Second step when you sign in',
    service: 'Get an identity',
    javaScript: 'on',
    reach: by(addsAnotherPasskey),
  },
  passkey: {
    heading: GIVE,
    javaScript: 'on',
    reach: isAskedInAnotherTab,
  },
  'passkey-without-javascript': {
    heading: GIVE,
    javaScript: 'off',
    async reach(person, elsewhere) {
      await isAskedInAnotherTab(person, elsewhere)
      await person.page.getByText('You cannot use your passkey here').waitFor()
    },
  },
  'passkey-cancelled': {
    heading: GIVE,
    javaScript: 'on',
    status: 400,
    error: passkeyError('Your passkey was not used. Try again, and follow the steps that your browser shows'),
    async reach(person, elsewhere) {
      await isAskedInAnotherTab(person, elsewhere)
      const device = await Authenticator.of(person.page)
      await device.isCancelled()
      await press(person.page, 'Use your passkey')
    },
  },
}
