"""WeChat Pay API v3, merchant and partner mode, as documented at pay.weixin.qq.com/doc/v3."""
