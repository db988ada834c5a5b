"""WeChat: Pay v3 (`pay_account`, `signature`, `transport`, `pay`, `gateway`) and mini-program (`mini`)."""
