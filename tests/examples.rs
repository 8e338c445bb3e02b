//! The examples do what they say.

#[path = "../examples/download.rs"]
mod download;
#[path = "../examples/upload_m10.rs"]
mod upload_m10;

#[test]
fn the_download_comes_through_under_every_seed() {
    assert_eq!(download::run_all(50).expect("it runs"), Vec::<u64>::new());
}

#[tokio::test]
async fn the_upload_arrives_when_the_server_is_back() {
    upload_m10::run().await.expect("it runs");
}

#[test]
fn the_examples_are_programs() {
    type Program = fn() -> Result<(), Box<dyn std::error::Error>>;
    let _: [Program; 2] = [download::main, upload_m10::main];
}
