// Every page of the authenticator app and of recovery codes, in every state: see pages.test.mjs.

import { CarefulPerson } from './careful_person.mjs'
import { press } from './browser.mjs'

/** Comes to the page with the key, then does something there. */
const settingUp =
  (act = () => {}) =>
  async person => {
    const careful = CarefulPerson.from(person)
    await careful.choosesTheApp()
    await act(careful)
  }

/** Signs in with an account that was set up in another browser, then does something there. */
const signingIn =
  (act = () => {}) =>
  async (person, elsewhere) => {
    const careful = CarefulPerson.from(person)
    await elsewhere(async page => {
      const there = careful.at(page)
      await there.setsUpAnApp()
      Object.assign(careful, { app: there.app, codes: there.codes })
    })
    await careful.provesTheAddress()
    await act(careful, elsewhere)
  }

const recovering = (act = () => {}) =>
  signingIn(async careful => {
    await press(careful.page, 'Use a recovery code')
    await act(careful)
  })

/** Comes from the account area to change something, signed in anew on the way. */
const changing = change => async (person, elsewhere) => {
  const careful = CarefulPerson.from(person)
  await elsewhere(async page => {
    const there = careful.at(page)
    await there.setsUpAnApp()
    await there.savesTheCodes()
    Object.assign(careful, { app: there.app, codes: there.codes })
  })
  await careful.open('/account/second-factor')
  await careful.givesAddress()
  await careful.typesTheCode()
  await careful.recoversWith(careful.codes[0])
  await press(careful.page, change)
  await careful.recoversWith(careful.codes[1])
}

const ACCOUNT = 'Get an identity account'
const SET_UP = 'Set up an authenticator app'
const CODE = 'Enter the code from your authenticator app'
const RECOVERY = 'Enter a recovery code'

const refused = (heading, field, message, reach) => ({ heading, status: 400, error: { field, message }, reach })

const CHOICE = 'Add a second step to your sign-in'

export const SECOND_FACTOR_STATES = {
  'second-step-choice': {
    heading: CHOICE,
    reach: person => person.createsAnAccount({ client_id: 'two-factors' }),
  },
  'second-step-choice-recommended': {
    heading: CHOICE,
    reach: person => person.createsAnAccount({ acr_values: 'Cl.Cm' }),
  },
  'second-step-choice-empty': {
    ...refused(CHOICE, 'way', 'Select what you want to use', async person => {
      await person.createsAnAccount({ client_id: 'two-factors' })
      await press(person.page, 'Continue')
    }),
    // Without it there is one thing to use, and its button.
    javaScript: 'on',
  },
  'app-set-up': { heading: SET_UP, reach: settingUp() },
  'app-set-up-recommended': {
    heading: SET_UP,
    async reach(person) {
      const careful = CarefulPerson.from(person)
      await careful.choosesTheApp({ acr_values: 'Cl.Cm' })
    },
  },
  'app-set-up-empty': refused(
    SET_UP,
    'code',
    'Enter the code from your authenticator app',
    settingUp(careful => careful.types('')),
  ),
  'app-set-up-wrong': refused(
    SET_UP,
    'code',
    'The code you entered is not correct, enter the code that your app shows now',
    settingUp(careful => careful.types(careful.app.wrongCode())),
  ),
  'recovery-codes': {
    heading: 'Save your recovery codes',
    reach: person => CarefulPerson.from(person).setsUpAnApp(),
  },
  'app-code': { heading: CODE, reach: signingIn() },
  'app-code-empty': refused(
    CODE,
    'code',
    'Enter the code from your authenticator app',
    signingIn(careful => careful.types('')),
  ),
  'app-code-not-numbers': refused(
    CODE,
    'code',
    'The code must only include numbers',
    signingIn(careful => careful.types('12345O')),
  ),
  'app-code-wrong': refused(
    CODE,
    'code',
    'The code you entered is not correct, enter the code that your app shows now. You have 4 tries left',
    signingIn(careful => careful.types(careful.app.wrongCode())),
  ),
  'app-code-used': refused(
    CODE,
    'code',
    'You have used this code before, wait until your app shows a new one and enter that',
    signingIn(async (careful, elsewhere) => {
      await elsewhere(async page => {
        const there = careful.at(page)
        await there.provesTheAddress()
        await there.givesItsCode()
      })
      await careful.types(careful.app.at(careful.app.used))
    }),
  ),
  'second-factor-limit': {
    heading: 'You have entered too many wrong codes',
    status: 429,
    reach: signingIn(async careful => {
      for (let tries = 0; tries < 5; tries += 1) {
        await careful.types(careful.app.wrongCode())
      }
    }),
  },
  'second-factor-lost': {
    heading: 'Ask us to remove your second step',
    reach: signingIn(careful => press(careful.page, 'I cannot use any of these')),
  },
  'second-factor-lost-asked': {
    heading: 'We have your request',
    reach: signingIn(async careful => {
      await press(careful.page, 'I cannot use any of these')
      await press(careful.page, 'Ask us to remove it')
      await careful.page.getByText('before we remove the second step from your account').waitFor()
    }),
  },
  'recovery-code': { heading: RECOVERY, reach: recovering() },
  'recovery-code-empty': refused(
    RECOVERY,
    'recovery-code',
    'Enter a recovery code',
    recovering(careful => careful.typesARecoveryCode('')),
  ),
  'recovery-code-too-short': refused(
    RECOVERY,
    'recovery-code',
    'You have not entered enough characters, the recovery code must be 12 letters and numbers',
    recovering(careful => careful.typesARecoveryCode('7K3Q-WX0M')),
  ),
  'recovery-code-wrong': refused(
    RECOVERY,
    'recovery-code',
    'The recovery code you entered is not correct or you have used it before, check it or enter another one. You have 4 tries left',
    recovering(careful => careful.typesARecoveryCode('7K3Q-WX0M-9TBA')),
  ),
  'app-replace': {
    heading: SET_UP,
    service: ACCOUNT,
    reach: changing('Replace your authenticator app'),
  },
  'app-remove': {
    heading: 'Are you sure you want to remove your authenticator app?',
    service: ACCOUNT,
    reach: changing('Remove your authenticator app'),
  },
  'recovery-codes-replace': {
    heading: 'Get new recovery codes',
    service: ACCOUNT,
    reach: changing('Get new recovery codes'),
  },
}
