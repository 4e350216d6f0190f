// The pages for who makes a service sign people in here, in every state: see pages.test.mjs.

import { press } from './browser.mjs'

const PRODUCT = 'Get an identity'
const CHECK = 'Check your client'
const NOT_YOURS = 'Enter the id of a client and its secret or registration access token'

async function checks(person, credential) {
  await person.open('/developers/check')
  await person.page.getByLabel('Client id').fill('apply')
  await person.page.getByLabel('Client secret or registration access token').fill(credential)
  await press(person.page, 'Check')
}

export const DEVELOPERS_STATES = {
  developers: {
    heading: 'Sign people in to your service',
    service: PRODUCT,
    reach: person => person.open('/developers'),
  },
  'developers-check': {
    heading: CHECK,
    service: PRODUCT,
    async reach(person) {
      await person.open('/developers')
      await person.page.getByRole('button', { name: CHECK }).click()
      await person.page.getByLabel('Client id').waitFor()
    },
  },
  'developers-check-refused': {
    heading: CHECK,
    service: PRODUCT,
    status: 400,
    error: { field: 'client_id', message: NOT_YOURS },
    reach: person => checks(person, 'somebody-elses-secret'),
  },
  'developers-checked': {
    heading: 'Your client: Apply for a qualification',
    service: PRODUCT,
    async reach(person) {
      await person.asksToSignIn({ prompt: 'none' })
      await person.asksToSignIn({ redirect_uri: 'https://somebody.example/callback' })
      await checks(person, 'a-secret-for-the-browser-tests')
      await person.page.getByText('Nobody is signed in, or not recently enough.').waitFor()
      await person.page.getByText('this redirect_uri is not registered').waitFor()
    },
  },
}
