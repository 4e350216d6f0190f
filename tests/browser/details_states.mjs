// Every page about the person, in every state it can be in: see pages.test.mjs.

import { press } from './browser.mjs'
import { PEOPLE } from './person.mjs'
import { Teacher, choose, nobody } from './teacher.mjs'

/** Services that ask about people, each in its way. */
export function teacherClients(service) {
  const client = (client_id, settings) =>
    service.client({
      client_id,
      client_secret: 'a-secret-for-the-browser-tests',
      require_pkce: false,
      scope: 'email national_insurance openid profile trn',
      ...settings,
    })
  return [
    client('trn-optional', { trn_requirement: 'optional' }),
    client('trn-required', { trn_requirement: 'required' }),
    client('trn-strict', { trn_requirement: 'optional', match_policy: 'strict' }),
    client('profile-only', { profile_requirement: 'required' }),
  ]
}

/** Comes to a page with answers of `said` on all before it, then does something there. */
const at =
  (page, act = () => {}, { said, client = 'trn-optional' } = {}) =>
  async person => {
    const teacher = new Teacher(person.page, person.provider, person.service)
    teacher.said = nobody(said)
    await teacher.isAskedBy(client)
    await teacher.answersUpTo(page)
    await act(person.page, teacher)
  }

/** Has staff settle the case whose number the page shows, and looks again. */
const settles = outcome => async (page, { provider }) => {
  await press(page, 'Save and continue')
  const reference = await page.locator('main strong').innerText()
  await provider.run('support', 'close', reference, outcome)
  await page.reload()
}

/** Changes the answers once more and saves them, with another year of birth each time. */
async function changesTheYear(page, ...years) {
  await press(page, 'Save and continue')
  await press(page, 'Change your answers and try again')
  for (const year of years) {
    await press(page, 'Change date of birth')
    await page.getByLabel('Year').fill(year)
    await press(page, 'Continue')
  }
  await press(page, 'Save and continue')
}

const goesOn = page => press(page, 'Continue')
const withNumbers = { number: 'AB 12 34 56 C', trn: '7654321', provider: 'The Academy of Nowhere in Particular' }

/** A page, and what it says when nothing is answered on it. */
const question = (page, heading, field, message, options) => ({
  [page]: { heading, reach: at(page, undefined, options) },
  [`${page}-empty`]: {
    heading,
    status: 400,
    error: { field, message },
    reach: at(page, goesOn, options),
  },
})

export const DETAILS_STATES = {
  ...question('name', 'What is your name?', 'first-name', 'Enter your first name'),
  ...question(
    'previous-names',
    'Have you ever changed your name?',
    'changed-name',
    'Select yes if you have ever changed your name',
  ),
  'previous-names-without-name': {
    heading: 'Have you ever changed your name?',
    status: 400,
    error: { field: 'previous-last-name', message: 'Enter your previous last name' },
    reach: at('previous-names', async page => {
      await choose(page, 'Yes')
      await goesOn(page)
    }),
  },
  'previous-names-added': {
    heading: 'Have you ever changed your name?',
    reach: at('previous-names', async page => {
      for (const name of ['Byron', 'Fitzwilliam-Wentworth-Featherstonehaugh']) {
        await choose(page, 'Yes')
        await page.getByLabel('Previous last name').fill(name)
        await press(page, 'Add another previous name')
      }
    }),
  },
  ...question(
    'preferred-name',
    'Which name do you want services to use?',
    'preferred-name',
    'Select the name you want services to use',
  ),
  'preferred-name-other-empty': {
    heading: 'Which name do you want services to use?',
    status: 400,
    error: { field: 'other-name', message: 'Enter the name you want services to use' },
    reach: at('preferred-name', async page => {
      await choose(page, 'Another name')
      await goesOn(page)
    }),
  },
  'date-of-birth': { heading: 'What is your date of birth?', reach: at('date-of-birth') },
  'date-of-birth-empty': {
    heading: 'What is your date of birth?',
    status: 400,
    error: { field: 'date-of-birth-day', at: 'date-of-birth', message: 'Enter your date of birth' },
    reach: at('date-of-birth', goesOn),
  },
  'date-of-birth-without-year': {
    heading: 'What is your date of birth?',
    status: 400,
    error: { field: 'date-of-birth-year', at: 'date-of-birth', message: 'Date of birth must include a year' },
    reach: at('date-of-birth', async page => {
      await page.getByLabel('Day').fill('14')
      await page.getByLabel('Month').fill('6')
      await goesOn(page)
    }),
  },
  ...question(
    'has-national-insurance-number',
    'Do you have a National Insurance number?',
    'has-national-insurance-number',
    'Select yes if you have a National Insurance number',
  ),
  ...question(
    'national-insurance-number',
    'What is your National Insurance number?',
    'national-insurance-number',
    'Enter your National Insurance number',
    { said: withNumbers },
  ),
  ...question(
    'has-trn',
    'Do you have a teacher reference number (TRN)?',
    'has-trn',
    'Select yes if you have a TRN',
  ),
  ...question('trn', 'What is your teacher reference number (TRN)?', 'trn', 'Enter your TRN', {
    said: withNumbers,
  }),
  'trn-too-short': {
    heading: 'What is your teacher reference number (TRN)?',
    status: 400,
    error: { field: 'trn', message: 'Your TRN should contain 7 digits' },
    reach: at(
      'trn',
      async (page, teacher) => {
        teacher.said = { trn: '12345' }
        await teacher.answers()
      },
      { said: withNumbers },
    ),
  },
  ...question(
    'has-qts',
    'Have you been awarded qualified teacher status (QTS)?',
    'has-qts',
    'Select yes if you have been awarded qualified teacher status (QTS)',
  ),
  ...question('qts-provider', 'How were you awarded QTS?', 'award', 'Select how you were awarded QTS', {
    said: withNumbers,
  }),
  'qts-provider-without-name': {
    heading: 'How were you awarded QTS?',
    status: 400,
    error: { field: 'provider', message: 'Enter where you trained' },
    reach: at(
      'qts-provider',
      async page => {
        await choose(page, 'Through a university, school or school-centred training (SCITT)')
        await goesOn(page)
      },
      { said: withNumbers },
    ),
  },
  'qts-provider-offered': {
    heading: 'How were you awarded QTS?',
    javaScript: 'on',
    reach: at(
      'qts-provider',
      async page => {
        await choose(page, 'Through a university, school or school-centred training (SCITT)')
        await page.getByLabel('Where did you train?').pressSequentially('univ')
        await page.getByRole('option').first().waitFor()
      },
      { said: withNumbers },
    ),
  },
  'qts-provider-choice': {
    heading: 'Which of these is where you trained?',
    reach: at('qts-provider', (_, teacher) => teacher.answers(), {
      said: { ...withNumbers, provider: 'university' },
    }),
  },
  'qts-provider-choice-empty': {
    heading: 'Which of these is where you trained?',
    status: 400,
    error: { field: 'choice', message: 'Select where you trained, or that it is none of these' },
    reach: at(
      'qts-provider',
      async (page, teacher) => {
        await teacher.answers()
        await goesOn(page)
      },
      { said: { ...withNumbers, provider: 'university' } },
    ),
  },
  'check-answers': {
    heading: 'Check your answers',
    reach: at('check-answers', undefined, { said: withNumbers }),
  },
  'check-answers-of-a-profile': {
    heading: 'Check your answers',
    async reach(person) {
      const teacher = new Teacher(person.page, person.provider, person.service)
      await teacher.isAskedBy('profile-only', 'openid email profile')
      await teacher.answersUpTo('check-answers')
    },
  },
  'trn-found': {
    heading: 'We have found your TRN',
    async reach(person) {
      const teacher = new Teacher(person.page, person.provider, person.service)
      teacher.said = { ...PEOPLE.ada, number: undefined, trn: undefined }
      await teacher.isAskedBy('trn-optional')
      await teacher.answersUpTo('check-answers')
      await press(person.page, 'Change National Insurance number')
      teacher.said = PEOPLE.ada
      await teacher.answers()
      await teacher.answers()
      await press(person.page, 'Save and continue')
    },
  },
  'trn-none': {
    heading: 'We have not found your teaching record yet',
    reach: at('check-answers', page => press(page, 'Save and continue')),
  },
  'check-answers-again': {
    heading: 'Check your answers',
    reach: at('check-answers', async page => {
      await press(page, 'Save and continue')
      await press(page, 'Change your answers and try again')
    }),
  },
  'trn-asked-for-too-often': {
    heading: 'You have changed your answers too many times',
    reach: at('check-answers', page => changesTheYear(page, '1976', '1980', '1984', '1992', '1996')),
  },
  'trn-refused': {
    heading: 'We cannot give you a TRN',
    reach: at('check-answers', settles('--failed'), { said: withNumbers, client: 'trn-required' }),
  },
  'trn-undecided': {
    heading: 'We could not be sure which teaching record is yours',
    reach: at('check-answers', settles('--no-change'), { said: withNumbers, client: 'trn-required' }),
  },
  'trn-pending': {
    heading: 'We have to check your teaching record',
    reach: at('check-answers', page => press(page, 'Save and continue'), {
      said: withNumbers,
      client: 'trn-required',
    }),
  },
}
