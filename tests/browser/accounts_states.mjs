// Every page about another account or another address, in every state: see pages.test.mjs.

import { setsUpAnApp } from './account_area_states.mjs'
import { press } from './browser.mjs'
import { CarefulPerson } from './careful_person.mjs'
import { PEOPLE } from './person.mjs'
import { Teacher, nobody } from './teacher.mjs'

const teacherAt = ({ page, provider, service }, said) => {
  const teacher = new Teacher(page, provider, service)
  teacher.said = said
  return teacher
}

async function givesDetails(teacher, client, scope) {
  await teacher.isAskedBy(client, scope)
  await teacher.answersUpTo('check-answers')
  await press(teacher.page, 'Save and continue')
}

/** Two accounts of one person, the second of which has just been asked; gives the first. */
async function hasTwoAccounts(person, elsewhere, said, ...asked) {
  let first
  await elsewhere(async page => {
    first = teacherAt({ ...person, page }, said)
    await givesDetails(first, ...asked)
    await press(page, 'Continue')
  })
  await givesDetails(teacherAt(person, said), ...asked)
  return first
}

const hasTheSameName = (person, elsewhere) =>
  hasTwoAccounts(person, elsewhere, nobody(), 'profile-only', 'openid email profile')
const hasTheSameRecord = who => (person, elsewhere) =>
  hasTwoAccounts(person, elsewhere, PEOPLE[who], 'trn-optional', 'openid email trn')

async function provesTheOther(person, elsewhere) {
  const first = await hasTheSameName(person, elsewhere)
  await press(person.page, 'Send a code to this address')
  const { code } = await first.mail()
  await person.types(code)
  return first
}

/** Proves the address of a first account that has an authenticator app; gives the app. */
async function meetsTheFactorOfTheOther(person, elsewhere) {
  const said = nobody()
  const asked = ['profile-only', 'openid email profile']
  let first, app
  await elsewhere(async page => {
    first = teacherAt({ ...person, page }, said)
    await givesDetails(first, ...asked)
    await press(page, 'Continue')
    await first.open('/account/second-factor')
    ;({ app } = await setsUpAnApp(first))
  })
  await givesDetails(teacherAt(person, said), ...asked)
  await press(person.page, 'Send a code to this address')
  const { code } = await first.mail()
  await person.types(code)
  return app
}

const FACTOR_CODE = 'Code from your authenticator app, or a recovery code'

async function givesFactorCode({ page }, code) {
  await page.getByLabel(FACTOR_CODE).fill(code)
  await press(page, 'Continue')
}

const FREEZE_LINK = /http\S+\/address-change\/freeze\/\S+/

/** Has the address of the first account replaced, and gives the link that undoes it. */
async function replacesTheOther(person, elsewhere) {
  const first = await provesTheOther(person, elsewhere)
  await person.page.getByRole('radio').first().check()
  await press(person.page, 'Continue')
  return person.provider.findInMailTo(first.address, FREEZE_LINK)
}

const losesTheirAddress = async person => {
  await person.asksForACode()
  await press(person.page, 'I can no longer use this email address')
}

const provesAnAddress = async person => {
  await losesTheirAddress(person)
  person.address = person.address.replace('@', '-new@')
  await person.page.getByLabel('New email address').fill(person.address)
  await press(person.page, 'Continue')
}

/** Has staff plan the change of an address that was lost, and gives the link that stops it. */
async function hasAChangePlanned(person, elsewhere) {
  const lost = person.address
  await elsewhere(page => person.at(page).createsAnAccount())
  await provesAnAddress(person)
  await person.typesTheCode()
  await press(person.page, 'I do not have either')
  const reference = await person.page.locator('.govuk-panel strong').innerText()
  await person.provider.run('support', 'close', reference, '--apply-address')
  return person.provider.findInMailTo(lost, FREEZE_LINK)
}

const PRODUCT = 'Get an identity'

/** Only comes there. */
const by = reach => async (person, elsewhere) => {
  await reach(person, elsewhere)
}

export const ACCOUNTS_STATES = {
  'existing-account': { heading: 'You may already have an account', reach: by(hasTheSameName) },
  'trn-in-use': {
    heading: 'Your teaching record belongs to another account',
    reach: by(hasTheSameRecord('benjamin')),
  },
  'trn-in-use-referred': {
    heading: 'We have your request',
    async reach(person, elsewhere) {
      await hasTheSameRecord('chinwe')(person, elsewhere)
      await press(person.page, 'I cannot read emails sent there')
    },
  },
  'account-code': {
    heading: 'Check your email',
    async reach(person, elsewhere) {
      await hasTheSameName(person, elsewhere)
      await press(person.page, 'Send a code to this address')
    },
  },
  'account-code-empty': {
    heading: 'Check your email',
    status: 400,
    error: { field: 'code', message: 'Enter the code from the email' },
    async reach(person, elsewhere) {
      await hasTheSameName(person, elsewhere)
      await press(person.page, 'Send a code to this address')
      await person.types('')
    },
  },
  'account-second-factor': {
    heading: 'Show that the other account is yours',
    reach: by(meetsTheFactorOfTheOther),
  },
  'account-second-factor-wrong': {
    heading: 'Show that the other account is yours',
    status: 400,
    error: {
      field: 'code',
      message:
        'The code you entered is not correct or you have used it before, check it or enter another one. You have 4 tries left',
    },
    async reach(person, elsewhere) {
      const app = await meetsTheFactorOfTheOther(person, elsewhere)
      await givesFactorCode(person, app.wrongCode())
    },
  },
  'account-second-factor-given': {
    heading: 'Which email address do you want to use?',
    async reach(person, elsewhere) {
      const app = await meetsTheFactorOfTheOther(person, elsewhere)
      await givesFactorCode(person, await app.code())
    },
  },
  'keep-address': { heading: 'Which email address do you want to use?', reach: by(provesTheOther) },
  'keep-address-empty': {
    heading: 'Which email address do you want to use?',
    status: 400,
    error: { field: 'address', message: 'Select the email address you want to use' },
    async reach(person, elsewhere) {
      await provesTheOther(person, elsewhere)
      await press(person.page, 'Continue')
    },
  },
  'address-replaced': {
    heading: 'Undo the change of your email address',
    service: PRODUCT,
    async reach(person, elsewhere) {
      await person.page.goto(await replacesTheOther(person, elsewhere))
    },
  },
  'address-change-planned': {
    heading: 'Stop the change of your email address',
    service: PRODUCT,
    async reach(person, elsewhere) {
      await person.page.goto(await hasAChangePlanned(person, elsewhere))
    },
  },
  'address-change-stopped-already': {
    heading: 'The change was stopped already',
    service: PRODUCT,
    async reach(person, elsewhere) {
      const link = await hasAChangePlanned(person, elsewhere)
      await person.page.goto(link)
      await press(person.page, 'Stop the change')
      await person.page.goto(link)
    },
  },
  'address-change-undone': {
    heading: 'The change was stopped',
    service: PRODUCT,
    async reach(person, elsewhere) {
      await person.page.goto(await replacesTheOther(person, elsewhere))
      await press(person.page, 'Undo the change')
    },
  },
  'address-change-link-over': {
    heading: 'This link no longer works',
    service: PRODUCT,
    status: 410,
    reach: person => person.open('/address-change/freeze/gai_fl_nothing'),
  },
  'lost-address': { heading: 'What email address can you use now?', reach: losesTheirAddress },
  'lost-address-empty': {
    heading: 'What email address can you use now?',
    status: 400,
    error: { field: 'email', message: 'Enter your email address' },
    async reach(person) {
      await losesTheirAddress(person)
      await press(person.page, 'Continue')
    },
  },
  'lost-address-code': { heading: 'Check your email', reach: provesAnAddress },
  'lost-address-second-factor': {
    heading: 'Do you have an authenticator app or recovery codes for this account?',
    async reach(person) {
      await provesAnAddress(person)
      await person.typesTheCode()
    },
  },
  'lost-address-second-factor-neither': {
    heading: 'Do you have an authenticator app or recovery codes for this account?',
    status: 400,
    error: {
      field: 'code',
      message:
        'The code must be the 6 numbers that your app shows, or the 12 letters and numbers of a recovery code',
    },
    async reach(person) {
      await provesAnAddress(person)
      await person.typesTheCode()
      await givesFactorCode(person, '12')
    },
  },
  'lost-address-changes': {
    heading: 'Your email address will change',
    async reach(person, elsewhere) {
      const careful = CarefulPerson.from(person)
      careful.address = person.address
      await elsewhere(async page => {
        const there = careful.at(page)
        await there.setsUpAnApp()
        await there.savesTheCodes()
        careful.app = there.app
      })
      await provesAnAddress(careful)
      await careful.typesTheCode()
      await givesFactorCode(careful, await careful.app.code())
      await careful.page.getByText('In 48 hours').waitFor()
    },
  },
  'lost-address-done': {
    heading: 'We have your request',
    async reach(person) {
      await provesAnAddress(person)
      await person.typesTheCode()
      await press(person.page, 'I do not have either')
    },
  },
}
