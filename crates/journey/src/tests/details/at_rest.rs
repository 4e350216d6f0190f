//! What somebody reads who steals the database: nothing that a person said.

use storage::testing::dump;

use super::super::world::{World, on_both};
use super::*;

/// What the forms say, however it could stand somewhere.
const SAID: [&str; 13] = [
    "Lovelace",
    "LOVELACE",
    "lovelace",
    "AB123456",
    "ab123456",
    "AB 12 34 56",
    "1990-03-27",
    "19900327",
    "27/03/1990",
    "27/3/1990",
    "27 March 1990",
    "1234567",
    "12/34567",
];

/// Everything in every column.
async fn stolen(world: &World) -> String {
    let dumped = world.store.read(dump).await.unwrap();
    let values = dumped.into_iter().flat_map(|column| column.values);
    let stolen = values.collect::<Vec<_>>().join(&0);
    String::from_utf8_lossy(&stolen).into_owned()
}

async fn assert_nothing_is_told(world: &World) {
    let stolen = stolen(world).await;
    assert!(stolen.contains("ada@example.test"), "what is in clear");
    for said in SAID {
        assert!(!stolen.contains(said), "{said}");
    }
}

#[actix_web::test]
async fn nothing_that_a_person_says_can_be_read_while_they_answer_or_afterwards() {
    on_both(async |world| {
        world.records.add(ada());
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.answers(&[NO_NUMBER, HAS_TRN, TRN]).await;
        teacher.post_change(HAS_NUMBER).await;
        teacher.post(NUMBER).await;

        assert_nothing_is_told(&world).await;

        teacher.post(CHECK).await;
        assert_eq!(teacher.trn().await, Some(ada().trn));
        assert_nothing_is_told(&world).await;
    })
    .await;
}

#[actix_web::test]
async fn nothing_that_staff_are_to_look_at_can_be_read() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.answers(&[HAS_NUMBER, NUMBER, HAS_TRN, TRN]).await;
        teacher.answers(&[NO_QTS, CHECK]).await;

        let tasks = world.store.read(|tx| storage::support_tasks::list(tx, 10));
        assert_eq!(tasks.await.unwrap().len(), 1);
        assert_nothing_is_told(&world).await;
    })
    .await;
}
