// The pages about passkeys in every state: see pages.test.mjs.

import { Authenticator } from './authenticator.mjs'
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
  await press(person.page, 'I have saved the codes')
  await press(person.page, 'Continue')
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
