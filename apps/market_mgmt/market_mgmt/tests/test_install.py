"""What an installation leaves on a site."""

from market_mgmt.setup import install
from market_mgmt.setup.roles import MERCHANT_ROLE, STAFF_ROLES


def test_roles(site):
    desk = {role: site.db.get_value("Role", role, "desk_access") for role in (*STAFF_ROLES, MERCHANT_ROLE)}
    assert desk == {**dict.fromkeys(STAFF_ROLES, 1), MERCHANT_ROLE: 0}


def test_fee_types(site):
    rows = site.get_all("Fee Type", ["name", "code", "kind", "late_fee_applies", "priority"], as_list=True)
    assert set(install.FEE_TYPES) <= {tuple(row) for row in rows}


def test_a_fresh_site_is_set_up(site):
    settings = site.get_doc("System Settings")
    assert (settings.language, settings.time_zone) == ("zh", "Asia/Shanghai")
    assert (settings.session_expiry, settings.allow_error_traceback) == ("240:00", 0)
    assert settings.enable_scheduler == 1
    assert settings.setup_complete == 1


def test_guests_and_jobs_speak_chinese_and_many_may_sign_up(site):
    assert site.conf.get("lang") == "zh"
    assert site.conf.get("throttle_user_limit") >= 1000


def test_a_site_in_use_keeps_its_settings(site):
    settings = site.get_doc("System Settings")
    settings.update({"session_expiry": "06:00", "setup_complete": 1})
    settings.save()
    install.set_up_site()
    assert site.get_doc("System Settings").session_expiry == "06:00"


def test_folders_that_frappe_named_in_chinese_take_uploads_again(site):
    site.rename_doc("File", "Home/Attachments", "Home/附件", force=True)
    site.rename_doc("File", "Home", "家", force=True)
    install.name_file_folders()
    folders = site.get_all(
        "File", {"is_folder": 1}, ["name", "file_name", "folder"], order_by="name", as_list=True
    )
    assert folders == (("Home", "Home", None), ("Home/Attachments", "Attachments", "Home"))


def test_installing_again_doubles_nothing(site):
    before = site.db.count("Fee Type"), site.db.count("Role")
    install.after_install()
    assert (site.db.count("Fee Type"), site.db.count("Role")) == before


def test_every_scheduled_and_hooked_method_exists(site):
    from market_mgmt import hooks

    methods = [method for listed in hooks.scheduler_events["cron"].values() for method in listed]
    methods += [hooks.before_install, hooks.after_install, *hooks.after_migrate, *hooks.outbox_state_changed]
    methods += [*hooks.has_permission.values(), *hooks.permission_query_conditions.values()]
    assert all(callable(site.get_attr(method)) for method in methods)


def test_every_doctype_with_a_market_is_limited_to_it(site):
    from market_mgmt import hooks

    modules = site.get_all("Module Def", {"app_name": "market_mgmt"}, pluck="name")
    own = site.get_all("DocType", {"module": ("in", modules), "istable": 0}, pluck="name")
    with_market = {name for name in own if name == "Market" or site.get_meta(name).has_field("market")}
    listed = hooks.permission_query_conditions
    by_market = {name for name in listed if listed[name].endswith(".query_conditions")}
    assert by_market == with_market
    # What no market owns is decided about, too: settings that all read, records that only unlimited people read.
    assert set(hooks.has_permission) == set(own)
    assert set(own) - set(listed) == {"Fee Type"}
